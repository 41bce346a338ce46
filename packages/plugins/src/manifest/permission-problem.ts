/** What is wrong with a permission as it was written, in words. A schema can only say that none of its alternatives fits. */
import { didYouMean, pointer, shown, type Problem } from '../schemas/index.js';

const NAMES = ['network', 'filesystem', 'shell', 'memory', 'shared', 'tool'];
const WRITTEN = 'network, shell, memory, shared:NAMESPACE, tool:NAME, or an object for network and filesystem';

/** How each permission that a name alone does not say is written. */
const FORMS: Readonly<Record<string, string>> = {
  filesystem: '{ "name": "filesystem", "mode": "read", "path": "docs" }',
  network: '"network", or { "name": "network", "hosts": ["api.example.com"] }',
  shared: '"shared:NAMESPACE"',
  tool: '"tool:NAME"',
  shell: '"shell"',
  memory: '"memory"',
};

/** For a permission that does not fit the schema; undefined where the schema's own words, of one alternative, say it better. */
export function permissionProblem(spec: unknown, path: string): Problem | undefined {
  if (typeof spec === 'string') return { path, message: problemOfName(spec) };
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return { path, message: `must be a permission (${WRITTEN}); found ${shown(spec)}` };
  const { name } = spec as { readonly name?: unknown };
  if (name === 'network' || name === 'filesystem') return undefined;
  if (typeof name !== 'string') return { path, message: `must have a "name", one of "network" and "filesystem"; found ${shown(name ?? null)}` };
  if (Object.hasOwn(FORMS, name)) return { path, message: `must be written as ${FORMS[name]!}; found an object` };
  return { path: pointer(path, 'name'), message: problemOfName(name) };
}

function problemOfName(spec: string): string {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  if (!NAMES.includes(name)) return `is no permission: ${shown(spec)}.${didYouMean(name, NAMES)} There are: ${WRITTEN}`;
  if (spec.includes('*')) return `must name one thing; found ${shown(spec)}, which has a wildcard. Ask for each thing that the plugin uses`;
  return `must be written as ${FORMS[name]!}; found ${shown(spec)}`;
}
