/** What web-tree-sitter leaves on the options that it is started with: they become its WebAssembly module. */
interface WasmModule {
  /** Replaced when the memory grows. */
  HEAP32: Int32Array;
  getValue: (address: number, type: string) => number;
  setValue: (address: number, value: number, type: string) => void;
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Reads and writes 32-bit numbers of the parser's memory without choosing among ten types by name, which a cursor's step does a
 * dozen times: reading a tree takes three quarters of the time. Does nothing to a module of another make.
 */
export function quickenMemory(module: object): void {
  if (!isWasmModule(module) || !isLittleEndian) return;
  const { getValue, setValue } = module;
  module.getValue = (address, type) => (type === "i32" ? (module.HEAP32[address >> 2] ?? 0) : getValue(address, type));
  module.setValue = (address, value, type) => {
    if (type === "i32") module.HEAP32[address >> 2] = value;
    else setValue(address, value, type);
  };
}

function isWasmModule(module: object): module is WasmModule {
  return (
    "HEAP32" in module &&
    module.HEAP32 instanceof Int32Array &&
    "getValue" in module &&
    typeof module.getValue === "function" &&
    "setValue" in module &&
    typeof module.setValue === "function"
  );
}
