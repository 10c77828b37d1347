import { checkPythonScripts } from "./checkPythonScripts.ts";

await checkPythonScripts("torch", ["pytorch", "lightning", "huggingface"]);
