/**
 * Whether an agent of a plugin may be granted something by its manifest, pure.
 *
 * An operator decides on the permissions of a plugin. What its agents are granted beside that must be the plugin's own: else an agent
 * would get what the plugin did not ask for.
 */
import { parseGrant, type Json } from '@omnipaw/kernel';
import { didYouMean } from '../schemas/index.js';
import { networkPrefix } from './derived-names.js';
import { anyHost } from './hosts.js';

const READING_TOOLS = ['host.fs.read_file', 'host.fs.list_dir', 'host.fs.stat', 'host.fs.search'];
const WRITING_TOOLS = ['host.fs.write_file', 'host.fs.delete', 'host.fs.apply_patch'];
/** How many names a message lists. */
const MAX_LISTED = 12;

export interface Own {
  readonly shortName: string;
  /** Of its tools, the programs of its agents among them. */
  readonly tools: readonly string[];
  /** As they are written. */
  readonly permissions: readonly Json[];
}

/** What is wrong with a grant, as what comes after it; undefined for a good one. */
export function grantProblem(text: string, own: Own): string | undefined {
  const { shortName, permissions } = own;
  const grant = parsed(text);
  if (grant === undefined) return 'is no grant: write action:resource, as call:weather.get_forecast';
  const { action, resource } = grant;
  // What stands before the first wildcard is in all that the pattern matches.
  const certain = resource.replace(/\*.*$/s, '');
  const namespace = /^shared:([^/]+)\//.exec(certain)?.[1];
  switch (action) {
    case 'call':
      return callProblem(resource, own);
    case 'read':
    case 'write':
      if (namespace !== undefined && permissions.includes(`shared:${namespace}`)) return undefined;
      return 'is for what is not among the plugin\'s permissions: add "shared:NAMESPACE" to them, and grant shared:NAMESPACE/**';
    default:
      return certain.startsWith(`${shortName}.`) ? undefined : `is for agents that are not the plugin's: their names begin with "${shortName}."`;
  }
}

function callProblem(resource: string, { shortName, permissions, tools }: Own): string | undefined {
  if (permissions.includes(`tool:${resource}`) || permissions.some((spec) => isToolOf(spec, resource))) return undefined;
  const isPattern = resource.includes('*');
  if (!resource.replace(/\*.*$/s, '').startsWith(`${shortName}.`)) {
    return isPattern ? `is for more than the plugin's own tools: grant "call:${shortName}.*", and each other tool by its name` : `is for a tool that is not the plugin's: add "tool:${resource}" to its permissions`;
  }
  if (isPattern || tools.includes(resource) || resource.startsWith(networkPrefix(shortName))) return undefined;
  return `is for a tool that the plugin does not have.${didYouMean(resource, tools)} Its tools: ${tools.slice(0, MAX_LISTED).join(', ')}`;
}

/** Whether a permission, as it is written, is used by this tool of the machine. */
function isToolOf(spec: Json, tool: string): boolean {
  const { name = spec, mode, hosts = ['*'] } = (typeof spec === 'object' && spec !== null ? spec : {}) as { readonly name?: Json; readonly mode?: Json; readonly hosts?: readonly Json[] };
  if (name === 'network') return tool === 'host.net.fetch' && Array.isArray(hosts) && hosts.some((host) => typeof host === 'string' && anyHost(host));
  if (name === 'shell') return tool === 'host.system.bash';
  return name === 'filesystem' && (mode === 'write' ? [...READING_TOOLS, ...WRITING_TOOLS] : READING_TOOLS).includes(tool);
}

function parsed(text: string): ReturnType<typeof parseGrant> | undefined {
  try {
    return parseGrant(text);
  } catch {
    return undefined;
  }
}
