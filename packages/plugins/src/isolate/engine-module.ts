import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { capMemory } from './memory-cap.js';
import { compileWasm, type WasmModule } from './webassembly.js';

/** What the engine itself needs, and texts on their way in and out of it. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;

const modules = new Map<number, Promise<WasmModule>>();

/** The engine, compiled once a process; no instance of it ever has more memory than the maximum and a constant. */
export function engineModule(maxMemoryBytes: number): Promise<WasmModule> {
  const known = modules.get(maxMemoryBytes);
  if (known !== undefined) return known;
  const made = compileEngine(maxMemoryBytes);
  modules.set(maxMemoryBytes, made);
  // What fails once, for want of a file handle perhaps, may do better next time.
  made.catch(() => { modules.delete(maxMemoryBytes); });
  return made;
}

async function compileEngine(maxMemoryBytes: number): Promise<WasmModule> {
  const bytes = await readFile(createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm'));
  return compileWasm(capMemory(bytes, maxMemoryBytes + OVERHEAD_BYTES));
}
