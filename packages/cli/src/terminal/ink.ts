import type { TerminalStream } from '../host.js';

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Colour = keyof typeof CODES;

/** Colours text, or leaves it alone. */
export type Ink = (colour: Colour, text: string) => string;

/** Colours for people at a terminal; none elsewhere, nor with `NO_COLOR` (https://no-color.org). */
export function inkFor(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Ink {
  const isWanted = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  if (!isWanted) return (_colour, text) => text;
  return (colour, text) => (text === '' ? '' : `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`);
}
