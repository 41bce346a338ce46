/** What identifies a plugin in a log: digests of what it says of itself, of its files, and of its schemas. */
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@omnipaw/kernel';
import type { PluginManifest } from '../manifest/index.js';
import { canonicalJson } from '../schemas/index.js';
import type { FileDigests } from './hash-folder.js';

/** SHA-256 in lower-case hexadecimal, each over a canonical form: layout and order make no difference. */
export interface PluginDigests {
  /** Over the manifest without its signature. */
  readonly manifest: string;
  /** Over the paths and digests of all files. */
  readonly code: string;
  /** Over the schemas of all tools, by their names. */
  readonly schemas: string;
}

export function pluginDigests({ source, tools }: Pick<PluginManifest, 'source' | 'tools'>, files: FileDigests): PluginDigests {
  const schemas = Object.fromEntries(tools.map(({ name, input, output = null }) => [name, { input, output }]));
  return { manifest: digestOf(unsigned(source)), code: digestOf(files), schemas: digestOf(schemas) };
}

/** A manifest as it is signed: without its signature. */
export function unsigned(manifest: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => key !== 'signature'));
}

function digestOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
