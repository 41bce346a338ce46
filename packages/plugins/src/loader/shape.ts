import type { Json } from '@omnipaw/kernel';
import { canonicalJson } from '../schemas/index.js';
import type { LoadedPlugin } from './loader.js';

/** What a kernel knows of a plugin from its start on, and the log's header says: all but what its code does. */
const SHAPE: Readonly<Record<string, (plugin: LoadedPlugin) => Json>> = {
  'another name': ({ manifest }) => manifest.name,
  'another version': ({ manifest }) => manifest.version,
  'other tools': ({ tools }) => tools.map(({ name, description, idempotent, timeoutMs }) => [name, description, idempotent, timeoutMs]),
  'other schemas': ({ digests }) => digests.schemas,
  'other agents': ({ agents }) => agents.map(({ definition: { type }, grants, quota }) => [type, [...grants], { ...quota } as never]),
};

/** In what of that a plugin is not what it was, in words: `another version and other tools`; empty if in nothing. */
export function shapeDifference(before: LoadedPlugin, after: LoadedPlugin): string {
  const others = Object.keys(SHAPE).filter((what) => canonicalJson(SHAPE[what]!(before)) !== canonicalJson(SHAPE[what]!(after)));
  return others.join(' and ');
}
