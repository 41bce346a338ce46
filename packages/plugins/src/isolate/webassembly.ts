/** What is used of WebAssembly, which every Node has and the types of Node 18 do not. */

/** A compiled module, which threads can share. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WebAssemblyOfHost {
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>;
  /** What is thrown when a program in WebAssembly cannot go on. */
  readonly RuntimeError: new () => Error;
}

export const { compile: compileWasm, RuntimeError: WasmError } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyOfHost }).WebAssembly;
