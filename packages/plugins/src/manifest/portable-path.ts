/**
 * Paths of a plugin's files, pure: relative, `/` between the parts, and the same file on every system.
 *
 * A plugin is written on one system and runs on another. So what only Windows takes for something else (a drive, a device, a
 * backslash, a dot at the end) is refused everywhere.
 */
import path from 'node:path';
import { pathInside, type PathFlavour } from '../path-inside.js';

const MAX_PATH_CHARS = 1_000;
const MAX_PARTS = 40;
const MAX_PART_BYTES = 255;

/** Control characters, what has no shape or turns the direction of writing, halves of surrogate pairs, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** What looks like a slash or a backslash and is none; the full-width ones are found by their compatibility form. */
const LIKE_A_SLASH = /[\u2044\u2215\u2216\u2571\u2572\u27CB\u27CD\u29F5\u29F8\u29F9]/u;
/** Also with the superscript digits, which Windows takes for digits here. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?:\..*)?$/i;

/** Why a text is no path of a plugin's file, as what comes after "it"; undefined for one that is. */
export function pathProblem(text: string): string | undefined {
  if (text.length > MAX_PATH_CHARS) return `is longer than ${MAX_PATH_CHARS} characters`;
  if (text.includes('\\')) return 'has a backslash; write / between the parts';
  if (path.posix.isAbsolute(text) || path.win32.isAbsolute(text)) return 'is absolute; paths are relative to the folder of the plugin';
  const parts = text.split('/');
  if (parts.length > MAX_PARTS) return `has more than ${MAX_PARTS} parts`;
  for (const part of parts) {
    const problem = partProblem(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function partProblem(part: string): string | undefined {
  if (part === '..') return 'leads out of its folder, by ".."';
  if (part === '' || part === '.') return 'has a part that is empty, or "."';
  if (Buffer.byteLength(part) > MAX_PART_BYTES) return `has a part that is longer than ${MAX_PART_BYTES} bytes`;
  if (UNSEEN.test(part)) return 'has a character that cannot be seen';
  const compatible = part.normalize('NFKC');
  if (LIKE_A_SLASH.test(part) || /[/\\]/.test(compatible)) return 'has a character that looks like a slash';
  if (/^\.{1,2}$/.test(compatible)) return 'has characters that look like dots';
  if (part !== part.normalize('NFC')) return 'is not in Unicode form NFC, so it would have a twin that looks the same';
  return windowsProblem(part);
}

function windowsProblem(part: string): string | undefined {
  const character = /[:*?"<>|]/.exec(part)?.[0];
  if (character !== undefined) return `has the character ${JSON.stringify(character)}, which no file on Windows has`;
  if (/[. ]$/.test(part)) return 'has a part that ends with a dot or a space, which Windows leaves out';
  return DEVICE.test(part) ? `has the part ${JSON.stringify(part)}, which is a device on Windows` : undefined;
}

/** The same for names that some file system takes for one, since they differ in upper and lower case only. */
export function foldedName(name: string): string {
  // Both, since some letters have the one in common and not the other: K and the sign for kelvin, s and the long one.
  return name.toLowerCase().toUpperCase().toLowerCase();
}

/** A path without the `./` that authors like to begin with. */
export function plainPath(text: string): string {
  return text.replace(/^\.\//, '');
}

/** Where a path without {@link pathProblem} is below a folder, on a system with paths of this flavour; throws a `TypeError` for any other. */
export function placeInFolder(folder: string, relative: string, flavour: PathFlavour = path): string {
  const problem = pathProblem(relative);
  const place = flavour.resolve(folder, ...relative.split('/'));
  if (problem === undefined && pathInside(folder, place, flavour) !== undefined) return place;
  throw new TypeError(`${JSON.stringify(relative)} is no path in a plugin's folder: it ${problem ?? 'leads out of it'}.`);
}
