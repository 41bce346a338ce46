/** Both lines of the SDK, each with a Node that it runs on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../../../testing/bundle.js';
import { NODE_22 } from '../../../../testing/components.js';

export interface Line {
  readonly name: string;
  readonly node: string;
  /** Where its packages are found. */
  readonly folder: string;
}

export const PRESENT: Line = { name: '2.x', node: process.execPath, folder: fileURLToPath(new URL('../../', import.meta.url)) };
export const NEXT: Line = { name: '3.x', node: NODE_22, folder: fileURLToPath(new URL('../../../../testing/otel-next/', import.meta.url)) };

/** A program of the fixtures as one file that finds the packages of that line. */
export async function programOn({ folder }: Line, name: string): Promise<string> {
  const program = await bundle(new URL(`../fixtures/${name}.ts`, import.meta.url));
  const cache = `${folder}node_modules/.cache/`;
  mkdirSync(cache, { recursive: true });
  const place = cache + basename(program);
  copyFileSync(program, place);
  return place;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line of JSON that it printed. */
  readonly told: Readonly<Record<string, unknown>> | undefined;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string, child: ChildProcess) => void;
}

/** Runs a program of a line, with nothing in its environment but what is given. */
export async function run(line: Line, [name = '', ...args]: readonly string[], { env = {}, onLine = () => undefined }: StartOptions = {}): Promise<Ended> {
  const child = spawn(line.node, [await programOn(line, name), ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd: fileURLToPath(new URL('./', import.meta.url)), env: { PATH: process.env['PATH'], ...env } });
  let told: Ended['told'];
  let stderr = '';
  createInterface(child.stdout).on('line', (text) => {
    if (text.startsWith('{')) told = JSON.parse(text) as Ended['told'];
    onLine(text, child);
  });
  child.stderr.on('data', (data: Buffer) => { stderr += data.toString(); });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => { resolve({ code, signal, told, stderr }); });
  });
}
