/**
 * What a schema can't say of a manifest, pure: versions, names, paths, references, grants.
 *
 * Each check looks at what may not fit the schema, so that all mistakes can be told at once.
 */
import type { Json, JsonObject } from '@omnipaw/kernel';
import { canonicalJson, didYouMean, pointer, schemaProblems, shown, type Problem } from '../schemas/index.js';
import { networkPrefix, programName } from './derived-names.js';
import { grantProblem, type Own } from './grant-problem.js';
import { wantedHostProblem } from './hosts.js';
import { MANIFEST_FILE } from './manifest.js';
import { pathProblem, plainPath } from './portable-path.js';
import { rangeProblem, versionProblem } from './versions.js';

/** Names of tools that others have: those of the machine, and what might be taken for the kernel's own. */
const RESERVED = ['host', 'kernel', 'omnipaw', 'plugin', 'plugins'];
/** Of all schemas of a plugin: to compile them takes time. */
const MAX_SCHEMA_CHARS = 256 * 1024;
/** Longer lists the schema refuses, and nobody looks at the rest of them. */
const MAX_ITEMS = 100;
/** How many names a message lists. */
const MAX_LISTED = 12;

/** The short name of a plugin: `weather` of `plugin-weather`. */
export function shortNameOf(name: string): string {
  return name.replace(/^plugin-/, '');
}

/**
 * What is wrong, as it is found: whoever has heard enough stops asking. `kernelVersion` is the kernel's that the plugin is to run with;
 * without it the range is only read.
 */
export function* checkProblems(manifest: JsonObject, kernelVersion: string | undefined): Iterable<Problem> {
  yield* checkText({ of: manifest, key: 'name' }, nameProblem);
  yield* checkText({ of: manifest, key: 'version' }, versionProblem);
  yield* checkText({ of: manifest, key: 'omnipaw' }, (range) => rangeProblem(range, kernelVersion));
  yield* checkPermissions(listOf(manifest['permissions']));
  yield* checkTools(manifest);
  yield* checkAgents(manifest);
  yield* checkIntegrity(manifest);
}

interface Field {
  readonly of: JsonObject;
  readonly key: string;
  /** Where the object is; the manifest itself unless given. */
  readonly at?: string;
}

/** Judges what is a text; the schema speaks of what is none. */
function* checkText({ of, key, at = '' }: Field, check: (text: string) => string | undefined): Iterable<Problem> {
  const value = of[key];
  const message = typeof value === 'string' ? check(value) : undefined;
  if (message !== undefined) yield { path: pointer(at, key), message };
}

function nameProblem(name: string): string | undefined {
  const shortName = shortNameOf(name);
  return RESERVED.includes(shortName) ? `must be another: tools named ${shown(`${shortName}.…`)} are not those of a plugin` : undefined;
}

function* checkPermissions(permissions: readonly Json[]): Iterable<Problem> {
  const seen = new Map<string, number>();
  for (const [index, spec] of permissions.entries()) {
    const at = `/permissions/${index}`;
    const text = canonicalJson(spec);
    const twin = seen.get(text);
    if (twin === undefined) seen.set(text, index);
    else yield { path: at, message: `is the same as /permissions/${twin}. Take one out` };
    const { path, hosts } = objectOf(spec);
    if (typeof path === 'string' && path !== '.') yield* complain(pointer(at, 'path'), path, pathProblem(path));
    for (const [place, host] of listOf(hosts).entries()) {
      if (typeof host === 'string') yield* complain(`${at}/hosts/${place}`, host, wantedHostProblem(host));
    }
  }
}

function* checkTools(manifest: JsonObject): Iterable<Problem> {
  const names = new Set<string>();
  const programs = listOf(manifest['agents']).map(programOf);
  let schemaChars = 0;
  for (const [index, item] of listOf(manifest['tools']).entries()) {
    const [tool, at] = [objectOf(item), `/tools/${index}`];
    yield* checkText({ of: tool, key: 'name', at }, (name) => qualifiedNameProblem(name, manifest['name']) ?? programProblem(name, programs) ?? duplicateProblem(name, names));
    yield* checkText({ of: tool, key: 'handler', at }, moduleProblem);
    yield* checkReferences(listOf(tool['permissions']), listOf(manifest['permissions']), at);
    for (const key of ['input', 'output']) {
      const schema = tool[key];
      if (!isObject(schema)) continue;
      schemaChars += JSON.stringify(schema).length;
      if (schemaChars > MAX_SCHEMA_CHARS) {
        yield { path: pointer(at, key), message: `is too much: the schemas of a plugin may take ${MAX_SCHEMA_CHARS} characters together` };
        return;
      }
      yield* schemaProblems(schema, pointer(at, key));
    }
  }
}

function* checkAgents(manifest: JsonObject): Iterable<Problem> {
  const types = new Set<string>();
  const { name, permissions } = manifest;
  const tools = [...listOf(manifest['tools']).map((tool) => objectOf(tool)['name']), ...listOf(manifest['agents']).map(programOf)].filter((tool) => typeof tool === 'string');
  for (const [index, item] of listOf(manifest['agents']).entries()) {
    const [agent, at] = [objectOf(item), `/agents/${index}`];
    yield* checkText({ of: agent, key: 'type', at }, (type) => qualifiedNameProblem(type, name) ?? duplicateProblem(type, types));
    yield* checkText({ of: agent, key: 'program', at }, moduleProblem);
    if (typeof name === 'string') yield* checkGrants(listOf(agent['grants']), { shortName: shortNameOf(name), permissions: listOf(permissions), tools }, at);
    yield* checkQuota(objectOf(agent['quota']), `${at}/quota`);
  }
}

function* checkGrants(grants: readonly Json[], own: Own, at: string): Iterable<Problem> {
  for (const [index, grant] of grants.entries()) {
    if (typeof grant === 'string') yield* complain(`${at}/grants/${index}`, grant, grantProblem(grant, own));
  }
}

function* checkQuota(quota: JsonObject, at: string): Iterable<Problem> {
  for (const [name, limit] of Object.entries(quota)) {
    const { hard, soft } = objectOf(limit);
    if (typeof hard !== 'number' || typeof soft !== 'number' || soft <= hard) continue;
    yield { path: pointer(pointer(at, name), 'soft'), message: `must be ${hard} at the most, as "hard" is; found ${soft}` };
  }
}

/** A name that begins with the plugin's short one. Said of names that have the form of one; the schema speaks of the others. */
function qualifiedNameProblem(name: string, pluginName: unknown): string | undefined {
  if (typeof pluginName !== 'string' || !pluginName.startsWith('plugin-')) return undefined;
  const prefix = `${shortNameOf(pluginName)}.`;
  const network = networkPrefix(shortNameOf(pluginName));
  if (name.startsWith(network)) return `must be another: tools named ${shown(`${network}…`)} are those by which a plugin reaches its hosts; found ${shown(name)}`;
  if (name.startsWith(prefix)) return undefined;
  const last = name.split('.').at(-1)!;
  return `must begin with ${shown(prefix)}, the short name of the plugin and a dot; found ${shown(name)}. Write ${shown(prefix + last)}`;
}

function programOf(agent: Json): string | undefined {
  const { type } = objectOf(agent);
  return typeof type === 'string' ? programName(type) : undefined;
}

/** The program of an agent is a tool, too. */
function programProblem(name: string, programs: readonly (string | undefined)[]): string | undefined {
  const agent = programs.indexOf(name);
  return agent < 0 ? undefined : `must be another: ${shown(name)} is the tool by which the program of /agents/${agent} runs`;
}

function duplicateProblem(name: string, seen: Set<string>): string | undefined {
  if (seen.has(name)) return `must be given once; found ${shown(name)} a second time`;
  seen.add(name);
  return undefined;
}

function moduleProblem(text: string): string | undefined {
  const problem = pathProblem(plainPath(text));
  return problem === undefined ? undefined : `must be a path in the folder of the plugin; ${shown(text)} ${problem}`;
}

function* checkReferences(references: readonly Json[], permissions: readonly Json[], at: string): Iterable<Problem> {
  const names = [...new Set(permissions.flatMap((spec) => nameOfSpec(spec) ?? []))];
  const list = names.length === 0 ? 'it has none' : `it has ${names.slice(0, MAX_LISTED).join(', ')}${names.length > MAX_LISTED ? ', …' : ''}`;
  for (const [index, reference] of references.entries()) {
    const isKnown = typeof reference === 'number' ? reference < permissions.length : typeof reference !== 'string' || names.includes(reference);
    if (isKnown) continue;
    const hint = typeof reference === 'string' ? didYouMean(reference, names) : '';
    yield { path: `${at}/permissions/${index}`, message: `must be one of the plugin's permissions (${list}); found ${shown(reference)}.${hint} Add it to "permissions" of the plugin` };
  }
}

function nameOfSpec(spec: Json): string | undefined {
  const name = typeof spec === 'string' ? spec : objectOf(spec)['name'];
  return typeof name === 'string' ? name : undefined;
}

function* checkIntegrity(manifest: JsonObject): Iterable<Problem> {
  const files = objectOf(objectOf(manifest['integrity'])['sha256']);
  for (const file of Object.keys(files)) {
    const problem = file === MANIFEST_FILE ? 'is the manifest, which has no digest in itself' : pathProblem(file);
    yield* complain(pointer('/integrity/sha256', file), file, problem);
  }
  if (Object.keys(files).length === 0) return;
  for (const [index, tool] of listOf(manifest['tools']).entries()) yield* checkText({ of: objectOf(tool), key: 'handler', at: `/tools/${index}` }, (file) => unlistedProblem(file, files));
  for (const [index, agent] of listOf(manifest['agents']).entries()) yield* checkText({ of: objectOf(agent), key: 'program', at: `/agents/${index}` }, (file) => unlistedProblem(file, files));
}

function unlistedProblem(file: string, files: JsonObject): string | undefined {
  return Object.hasOwn(files, plainPath(file)) ? undefined : `has no digest in "integrity": ${shown(plainPath(file))}. Sign the plugin anew`;
}

function* complain(path: string, found: string, problem: string | undefined): Iterable<Problem> {
  if (problem !== undefined) yield { path, message: `can't be used: ${shown(found)} ${problem}` };
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]).slice(0, MAX_ITEMS) : [];
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
