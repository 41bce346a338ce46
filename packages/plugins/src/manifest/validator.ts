import path from 'node:path';
import type { JsonObject } from '@omnipaw/kernel';
import type { Problem } from '../schemas/index.js';
import { checkProblems } from './checks.js';
import { readJsonText, type JsonText } from './json-text.js';
import { missingModules, readManifestFile } from './manifest-file.js';
import { manifestInvalid, type ManifestProblem } from './manifest-invalid.js';
import { MANIFEST_FILE, type PluginManifest } from './manifest.js';
import { normalise } from './normalise.js';
import { schemaProblems } from './schema-problems.js';

/** A manifest that can be used, or all that is wrong with it. */
export type ManifestVerdict = { readonly ok: true; readonly manifest: PluginManifest } | { readonly ok: false; readonly problems: readonly ManifestProblem[] };

export interface ValidatorOptions {
  /** The kernel that plugins have to work with; without it, ranges are only read. */
  readonly kernelVersion?: string;
}

const MAX_PROBLEMS = 100;

/**
 * Reads manifests of plugins, and refuses those that are not as they should be.
 *
 * A manifest comes from somebody else. Reading one runs nothing of it, takes a bounded time, and ends with a manifest or with everything
 * that is wrong with it.
 */
export class PluginValidator {
  readonly #kernelVersion: string | undefined;

  constructor({ kernelVersion }: ValidatorOptions = {}) {
    this.#kernelVersion = kernelVersion;
  }

  /** Judges the text of a manifest; never throws. */
  judge(source: string | Uint8Array): ManifestVerdict {
    const text = readJsonText(source);
    if (text.value === undefined) return { ok: false, problems: located(text.problems, text) };
    const fromSchema = schemaProblems(text.value);
    const isObject = typeof text.value === 'object' && text.value !== null && !Array.isArray(text.value);
    const fromChecks = isObject ? checkProblems(text.value as JsonObject, this.#kernelVersion) : [];
    const problems = [...fromSchema, ...beside(fromSchema, fromChecks)];
    if (problems.length > 0) return { ok: false, problems: located(problems, text) };
    return { ok: true, manifest: normalise(text.value as JsonObject) };
  }

  /** The manifest in a text; throws `PLUGIN_MANIFEST_INVALID` with all that is wrong. `name` is what the message calls it. */
  parse(source: string | Uint8Array, name: string = MANIFEST_FILE): PluginManifest {
    const verdict = this.judge(source);
    if (verdict.ok) return verdict.manifest;
    throw manifestInvalid(name, verdict.problems);
  }

  /**
   * The manifest of the plugin in a folder, whose modules must be there; rejects with `PLUGIN_MANIFEST_INVALID`.
   *
   * Whether the modules are what they should be is a question for whoever bundles them.
   */
  async read(folder: string): Promise<PluginManifest> {
    const name = path.join(path.basename(path.resolve(folder)), MANIFEST_FILE);
    const source = await readManifestFile(folder, name);
    const manifest = this.parse(source, name);
    const problems = await missingModules(manifest, folder);
    if (problems.length > 0) throw manifestInvalid(name, located(problems, readJsonText(source)));
    return manifest;
  }
}

/** Where the schema has spoken, nothing more is said; and after so many problems nothing at all. */
function beside(said: readonly Problem[], more: Iterable<Problem>): readonly Problem[] {
  const places = new Set(said.map((problem) => problem.path));
  const problems: Problem[] = [];
  for (const problem of more) {
    if (!places.has(problem.path)) problems.push(problem);
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return problems;
}

/** In the order of the text. */
function located(problems: readonly Problem[], text: JsonText): readonly ManifestProblem[] {
  const placed = problems.map((problem): ManifestProblem => ({ ...problem, ...text.placeOf(problem.path) }));
  return placed.sort((one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0));
}
