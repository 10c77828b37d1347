import { checkPythonScripts } from "./checkPythonScripts.ts";

await checkPythonScripts("optax", ["optax"]);
