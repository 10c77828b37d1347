import { checkPythonScripts } from "./checkPythonScripts.ts";

await checkPythonScripts("keras", ["keras"]);
