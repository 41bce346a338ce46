/** What is to be bundled. */
export interface BundleRequest {
  /** The plugin's folder: nothing outside of it gets into the bundle, whatever the plugin says. */
  readonly folder: string;
  /** The file of the handler, in the folder: `src/forecast.ts`. */
  readonly entry: string;
  /** For this one, if it is to be less than the bundler's own. */
  readonly timeoutMs?: number;
  /** Whether files may be hard links: somebody holds what was read against digests that were known before. Otherwise they are refused, since they may be files from outside. */
  readonly mayHaveHardLinks?: boolean;
}

/** A script for the isolate, of one handler and all that it imports. */
export interface Bundle {
  readonly code: string;
  /** SHA-256 of the code as UTF-8, in lower-case hex. The same on every machine. */
  readonly codeDigest: string;
  /** Empty if it would be too large to be looked at: each error of the code is looked up in it. */
  readonly sourceMap: string;
  /** As which the code appears in stacks. */
  readonly fileName: string;
  /** By path in the folder, with `/`: SHA-256 of each file as it was bundled. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Where bundling failed, and why. Lines and columns are from 1. */
export interface BundleProblem {
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What a builder is asked, and what it answers. */
export interface BuildOrder extends Omit<BundleRequest, 'timeoutMs'> {
  readonly id: number;
  /** Modules that the host gives, by the name that they are imported by. */
  readonly provided: Readonly<Record<string, string>>;
}

export type BuildAnswer =
  | { readonly id: number; readonly ok: true; readonly code: string; readonly sourceMap: string; readonly inputs: Readonly<Record<string, string>> }
  | { readonly id: number; readonly ok: false; readonly problems: readonly BundleProblem[]; /** The builder is of no use any more. */ readonly isBroken: boolean };

/** Whether this is something that a builder answers. */
export function isBuildAnswer(value: unknown): value is BuildAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const answer = value as Partial<Record<string, unknown>>;
  if (typeof answer['id'] !== 'number') return false;
  if (answer['ok'] === true) return typeof answer['code'] === 'string' && typeof answer['sourceMap'] === 'string' && typeof answer['inputs'] === 'object';
  return answer['ok'] === false && Array.isArray(answer['problems']) && typeof answer['isBroken'] === 'boolean';
}

export const FILE_NAME = 'plugin.js';
