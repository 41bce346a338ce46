/**
 * What the program in a container is told and what it says, as both sides see it.
 *
 * It is told by variables of its environment: a command's words can be read by every user of the machine, and may be secrets here.
 */
import type { FileTools } from '../file-tools.js';

export interface FileCall {
  readonly tool: keyof FileTools;
  /** As the tool's schema has found them fit. */
  readonly args: unknown;
  /** Which permissions new files do not get; undefined where this is not known. */
  readonly umask: number | undefined;
}

/** What a tool has thrown, as far as anybody is told of it. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** The message of the cause. */
  readonly cause?: string | undefined;
}

export type FileAnswer = { readonly value: unknown } | { readonly error: ToldError };

const VARIABLE = 'OMNIPAW_CALL_';
/** Linux takes 128 KiB in one variable, and a character has four bytes at the most. */
const PIECES = /[^]{1,30000}/gu;

/** Variables for a call that was written as JSON. */
export function variablesOf(json: string): Readonly<Record<string, string>> {
  return Object.fromEntries((json.match(PIECES) ?? []).map((piece, index) => [`${VARIABLE}${index}`, piece]));
}

/** The JSON that variables have. */
export function jsonIn(variables: Readonly<Record<string, string | undefined>>): string {
  let json = '';
  for (let index = 0, piece = variables[`${VARIABLE}0`]; piece !== undefined; piece = variables[`${VARIABLE}${++index}`]) json += piece;
  return json;
}
