/**
 * The tools of the machine that plugins were granted the use of.
 *
 * What the program does not bring itself comes from `@omnipaw/host`, for the working directory. That gives nothing to anybody: a call needs the
 * permission of the plugin and a grant of the agent that calls.
 */
import type { Tool } from '@omnipaw/kernel';
import type { LoadedPlugin, Permission } from '@omnipaw/plugins';
import type { HostLibrary } from './library.js';

const READING = ['host.fs.read_file', 'host.fs.list_dir', 'host.fs.stat', 'host.fs.search'];
const WRITING = ['host.fs.write_file', 'host.fs.delete', 'host.fs.apply_patch'];
/** Whom it asks is for the operator to say, so nobody else can make it. */
const FETCH = 'host.net.fetch';
/** In the log: a replay can do without them, as it can without plugins. */
const ORIGIN = '@omnipaw/host, in the working directory';

export interface Machine {
  readonly tools: readonly Tool[];
  /** What nobody has brought, in words, a line each. */
  readonly missing: readonly string[];
}

/** `there` has the names of the tools that there are. Throws what `hostTools` throws, if any of its tools is needed. */
export function machineTools(plugins: readonly LoadedPlugin[], there: ReadonlySet<string>, host: HostLibrary | undefined): Machine {
  const missing = new Map<string, string>();
  for (const { manifest } of plugins) {
    for (const name of manifest.permissions.flatMap(toolsFor)) if (!there.has(name) && !missing.has(name)) missing.set(name, manifest.name);
  }
  const isOfHost = (name: string): boolean => /^host\.(?:fs|system|git)\./.test(name);
  const all = host !== undefined && [...missing.keys()].some(isOfHost) ? host.hostTools({ root: process.cwd() }).all : [];
  const tools = all.filter(({ name }) => missing.has(name) && isOfHost(name));
  for (const { name } of tools) missing.delete(name);
  return {
    tools: tools.map((tool) => Object.freeze({ ...tool, origin: ORIGIN })),
    missing: [...missing].map(([tool, plugin]) => `Plugin "${plugin}" uses the tool ${tool}, which is not there. ${adviceFor(tool, host)}`),
  };
}

/** The tools by which a plugin uses what it is permitted to. */
function toolsFor(permission: Permission): readonly string[] {
  switch (permission.name) {
    case 'filesystem':
      return permission.mode === 'write' ? [...READING, ...WRITING] : READING;
    case 'shell':
      return ['host.system.bash'];
    case 'network':
      return permission.hosts.some((host) => host.replace(/:\d+$/, '') === '*') ? [FETCH] : [];
    case 'tool':
      return [permission.tool];
    default:
      return [];
  }
}

function adviceFor(tool: string, host: HostLibrary | undefined): string {
  if (tool === FETCH) return 'Which hosts it may ask in all is for you to say: export fetchTool("host.net.fetch", { allow: […] }) of @omnipaw/host from the program.';
  if (host === undefined && tool.startsWith('host.')) return 'Install it: npm install @omnipaw/host';
  return 'Export it from the program.';
}
