/** What can be said of a plugin's folder without running anything of it. */
import fs from 'node:fs';
import path from 'node:path';
import { OmniError, VERSION } from '@omnipaw/kernel';
import type { ManifestProblem, PluginManifest } from '@omnipaw/plugins';
import { failureRecord, UsageError } from '../failure.js';
import { cellText, oneLine } from '../terminal/printable.js';
import type { PluginLibrary } from './library.js';

/** A folder as it was found. */
export interface Examined {
  /** As it was named. */
  readonly folder: string;
  /** Undefined where it can't be read as one. */
  readonly manifest: PluginManifest | undefined;
  /** Why it can't be loaded; undefined for a good one. */
  readonly error: OmniError | undefined;
}

/** Reads the manifest, and holds the files and the signature against it. Throws a UsageError where there is no folder. */
export async function examine(folder: string, { MANIFEST_FILE, PluginValidator, verifyIntegrity, verifySignature }: PluginLibrary, trustedKeys: readonly string[] = []): Promise<Examined> {
  assertFolder(folder, `A plugin is a folder with a ${MANIFEST_FILE}.`);
  let manifest: PluginManifest | undefined;
  try {
    manifest = await new PluginValidator({ kernelVersion: VERSION }).read(folder);
    await verifyIntegrity(manifest, folder);
    if (manifest.signature !== undefined || trustedKeys.length > 0) assertSigned(manifest, trustedKeys, verifySignature);
    return { folder, manifest, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof OmniError) || thrown.code === 'KEY_INVALID') throw thrown;
    return { folder, manifest, error: thrown };
  }
}

/** Throws a UsageError; `hint` says what should be there. */
export function assertFolder(folder: string, hint: string): void {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new UsageError(`There is no folder ${folder}. ${hint}`);
}

/** Throws a UsageError for what is no folder of plugins, or is a plugin itself. */
export function assertPluginsFolder(folder: string, { MANIFEST_FILE }: Pick<PluginLibrary, 'MANIFEST_FILE'>): void {
  assertFolder(folder, 'Name the folder that has a folder for each plugin with --plugins.');
  if (fs.existsSync(path.join(folder, MANIFEST_FILE))) throw new UsageError(`${folder} is a plugin itself. Name the folder that it is in with --plugins: ${path.join(folder, '..')}`);
}

/** Without keys to trust, a signature has to be that of the manifest, whoever made it. */
function assertSigned(manifest: PluginManifest, trustedKeys: readonly string[], verifySignature: PluginLibrary['verifySignature']): void {
  try {
    verifySignature(manifest, trustedKeys);
  } catch (thrown) {
    const isUntrusted = thrown instanceof OmniError && thrown.code === 'PLUGIN_UNTRUSTED';
    if (!isUntrusted || trustedKeys.length > 0) throw thrown;
  }
}

/** What is wrong, a line each, whoever wrote what is in it; a problem of the manifest begins with its place, as editors follow it. */
export function problemLines(examined: Examined, manifestFile: string): string[] {
  return textsOf(examined, manifestFile).map((text) => `  ${cellText(text)}`);
}

function textsOf({ folder, error }: Examined, manifestFile: string): string[] {
  if (error === undefined) return [];
  if (error.code === 'PLUGIN_BUNDLE_FAILED') return codeLines(folder, error);
  const file = path.join(folder, manifestFile);
  const problems = problemsOf(error);
  if (problems === undefined) return failureLines(error);
  return problems.map(({ path: pointer, line, column, message }) => {
    const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
    return `${place}: ${pointer === '' ? 'the manifest' : pointer} ${message}`;
  });
}

/** Messages may have lines; those that have folders as they are called have none. */
export function failureLines({ code, message }: OmniError): string[] {
  const text = `${code}: ${message}`;
  return code === 'PLUGIN_REFUSED' ? [oneLine(text)] : text.split('\n');
}

export interface CodeProblem {
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What is said of code that can't be bundled; each names a file. */
export function codeProblemsOf({ details, message }: OmniError): readonly CodeProblem[] {
  const { entry, problems = [{ text: message }] } = details as { readonly entry?: string; readonly problems?: readonly CodeProblem[] };
  return problems.map((problem) => (entry === undefined ? problem : { file: entry, ...problem }));
}

function codeLines(folder: string, error: OmniError): string[] {
  return codeProblemsOf(error).map(({ text, file = '', line, column }) => `${path.join(folder, file)}${line === undefined ? '' : `:${line}:${column ?? 1}`}: ${text}`);
}

/** As scripts get it. */
export function examinedRecord({ folder, manifest, error }: Examined): Readonly<Record<string, unknown>> {
  const named = manifest === undefined ? {} : { name: manifest.name, version: manifest.version };
  return { folder, ok: error === undefined, ...named, ...(error === undefined ? {} : { error: failureRecord(error) }) };
}

function problemsOf({ code, details }: OmniError): readonly ManifestProblem[] | undefined {
  return code === 'PLUGIN_MANIFEST_INVALID' ? (details as { readonly problems: readonly ManifestProblem[] }).problems : undefined;
}
