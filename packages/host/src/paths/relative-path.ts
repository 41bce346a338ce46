/**
 * Which texts are paths, pure.
 *
 * A path is relative, has `/` between its parts, and names one thing only, to a person who reads it as to the system: nothing
 * that cannot be seen, turns the direction of writing, or looks like a separator or like `..`.
 */
import { refuse } from './refusals.js';

const MAX_PATH_BYTES = 4_096;
const MAX_PART_BYTES = 255;
const MAX_PARTS = 256;

/** Control characters, what has no shape or turns the direction of writing, halves of surrogate pairs, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** What looks like a slash or a backslash and is none; the full-width ones are found by their compatibility form. */
const LIKE_A_SLASH = /[\u2044\u2215\u2216\u2571\u2572\u27CB\u27CD\u29F5\u29F8\u29F9]/u;
const WINDOWS_NAMES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;
const WINDOWS_CHARACTERS = /[:*?"<>|]|[. ]$/;

/**
 * Which names are taken: `plain` for paths that somebody writes, a model above all; `any` for those that come from the system
 * itself, in which there may be a line end or a backslash.
 */
export type NameRule = 'plain' | 'any';

/** The parts of a path; throws `PATH_REFUSED`. Empty for the root itself, which is named `.`. */
export function partsOf(path: string, rule: NameRule = 'plain', platform: string = process.platform): readonly string[] {
  if (path === '.') return [];
  if (path.includes('\0')) return refuse(path, 'it has a NUL character');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return refuse(path, `it is longer than ${MAX_PATH_BYTES} bytes`);
  const isStrict = rule === 'plain' || platform === 'win32';
  if (path.startsWith('/') || (isStrict && /^[A-Za-z]:/.test(path))) return refuse(path, 'it is absolute; paths are relative to the root');
  if (isStrict && path.includes('\\')) return refuse(path, 'it has a backslash; write / between the parts');
  const parts = path.split('/');
  if (parts.length > MAX_PARTS) return refuse(path, `it has more than ${MAX_PARTS} parts`);
  for (const part of parts) {
    const reason = problemOf(part, rule, platform);
    if (reason !== undefined) return refuse(path, reason);
  }
  return parts;
}

/** Why a part of a path is none, or nothing. */
export function problemOf(part: string, rule: NameRule = 'plain', platform: string = process.platform): string | undefined {
  if (part === '') return 'no plain relative path: a part of it is empty';
  if (part === '.' || part === '..') return `no plain relative path: it has the part "${part}"`;
  if (Buffer.byteLength(part) > MAX_PART_BYTES) return `a part of it is longer than ${MAX_PART_BYTES} bytes`;
  if (platform === 'win32' && (WINDOWS_NAMES.test(part) || WINDOWS_CHARACTERS.test(part))) return 'it is no name for a file on Windows';
  return rule === 'plain' ? problemToTheEye(part) : undefined;
}

function problemToTheEye(part: string): string | undefined {
  if (UNSEEN.test(part)) return 'it has a character that cannot be seen';
  const compatible = part.normalize('NFKC');
  if (LIKE_A_SLASH.test(part) || /[/\\]/.test(compatible)) return 'it has a character that looks like a slash';
  return /^\.{1,2}$/.test(compatible) ? 'it has characters that look like dots' : undefined;
}

/** Git's own directory, under all the names by which some system finds it. */
const GIT_DIRECTORY = /^(?:\.git|git~\d+)[. ]*$/i;

/** The parts of a path that is to be written; throws `PATH_REFUSED`. */
export function partsToWrite(path: string, rule: NameRule = 'plain'): readonly string[] {
  const parts = partsOf(path, rule);
  if (parts.length === 0) return refuse(path, 'it is the root itself');
  if (parts.some((part) => GIT_DIRECTORY.test(part.normalize('NFKC')))) {
    return refuse(path, 'what git keeps of itself is not written to: it has hooks and settings that would be run');
  }
  return parts;
}

/** Throws for a name that is new and has another form of the same characters (NFD for NFC): two files would look alike. */
export function assertNewName(path: string, name: string, rule: NameRule): void {
  if (rule === 'plain' && name !== name.normalize('NFC')) refuse(path, 'a new name has to be in Unicode form NFC');
}
