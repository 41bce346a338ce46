import { randomBytes } from 'node:crypto';
import type { TerminalStream } from '../host.js';
import { printable } from './printable.js';

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

/** How text comes to a stream. */
export interface Palette {
  readonly ink: Ink;
  /** Text as it may be written: nothing in it commands the terminal but what `ink` has painted. */
  readonly shown: (text: string) => string;
}

/** Colours for people at a terminal; none elsewhere, nor with `NO_COLOR` (https://no-color.org). */
export function paletteFor(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Palette {
  const isWanted = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  if (!isWanted) return { ink: (_colour, text) => text, shown: printable };
  // Text from outside can hold whatever a terminal takes for paint, but not what nobody can guess.
  const mark = `<${randomBytes(8).toString('hex')}:`;
  const painted = new RegExp(`${mark}(\\d+)>`);
  return {
    ink: (colour, text) => (text === '' ? '' : `${mark}${CODES[colour][0]}>${text}${mark}${CODES[colour][1]}>`),
    shown: (text) => text.split(painted).map((part, index) => (index % 2 === 0 ? printable(part) : `\u001b[${part}m`)).join(''),
  };
}
