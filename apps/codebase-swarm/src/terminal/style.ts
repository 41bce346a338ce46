/** Colours, where they are wanted. */
import type { WriteStream } from 'node:tty';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly active: (text: string) => string;
}

/** Colours on a terminal, unless the environment says no (https://no-color.org). */
export function styleFor(stream: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv): Style {
  const isColoured = stream.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint = (code: number, reset: number) => (text: string) => (isColoured ? `\u001b[${code}m${text}\u001b[${reset}m` : text);
  return { bold: paint(1, 22), dim: paint(2, 22), good: paint(32, 39), bad: paint(31, 39), active: paint(36, 39) };
}
