import { readdirSync, readFileSync } from 'node:fs';

/** The ids of all living processes whose command line has a text in it. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/cmdline`).includes(text) && !/\) [ZX] /.test(read(`/proc/${name}/stat`)))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
