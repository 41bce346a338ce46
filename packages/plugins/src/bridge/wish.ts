/**
 * From what a plugin's code asks for to what is asked of the kernel on behalf of the agent that called: pure.
 *
 * The plugin's own permissions are decided about here, from its manifest and the arguments alone; the agent's are the kernel's to
 * decide about, so that both have to allow it. What the plugin may not do is asked all the same, as denied: then it is on record.
 */
import { matches, type AskedInstruction, type Json, type JsonObject, type PermissionRecord } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { pathCovers, permissionText, type Permission } from '../manifest/index.js';
import { filesIn } from './files.js';
import { networkFor, requestIn, requestText } from './requests.js';

export interface Holder {
  /** `plugin-weather` */
  readonly plugin: string;
  /** `weather` */
  readonly shortName: string;
  /** The names of the tools that its manifest has, and of those by which the programs of its agents run. */
  readonly ownTools: ReadonlySet<string>;
  /** Those that the tool has. */
  readonly permissions: readonly Permission[];
  /** All that the plugin has, for the words of a denial; those of the tool unless given. */
  readonly ofPlugin?: readonly Permission[];
  /** The tool by which it reaches the hosts of its permissions; undefined if they name none. */
  readonly fetchTool: string | undefined;
}

export interface Wish {
  readonly instruction: AskedInstruction;
  readonly permission: PermissionRecord;
}

/** Throws `PLUGIN_CALL_INVALID` for what is no capability, or not asked for as one. */
export function wishOf(name: string, given: Json, holder: Holder): Wish {
  const wanted = wishBy(name, given, holder);
  if (wanted.permission.decision === 'ALLOW' || holder.ofPlugin === undefined) return wanted;
  const { permission } = wishBy(name, given, { ...holder, permissions: holder.ofPlugin });
  if (permission.decision === 'DENY') return wanted;
  return { ...wanted, permission: { decision: 'DENY', by: `${permission.by}, which the tool does not list among its permissions` } };
}

function wishBy(name: string, given: Json, holder: Holder): Wish {
  const args = asObject(name, given);
  switch (name) {
    case 'tool':
      return toolWish(text(name, args, 'name'), args['args'] ?? {}, holder);
    case 'memory.get':
      return wish({ op: 'READ', store: 'persistent', key: ownKey(name, args, holder) }, 'memory', holder);
    case 'memory.set':
      return wish({ op: 'WRITE', store: 'persistent', key: ownKey(name, args, holder), value: value(name, args) }, 'memory', holder);
    case 'memory.delete':
      return wish({ op: 'WRITE', store: 'persistent', key: ownKey(name, args, holder) }, 'memory', holder);
    case 'shared.get':
      return sharedRead(place(name, args), holder);
    case 'shared.set':
      return sharedWrite(args, { ...place(name, args), value: value(name, args) }, holder);
    default:
      throw invalid(`There is no capability ${JSON.stringify(name.slice(0, 64))}; there is: tool, memory.get, memory.set, memory.delete, shared.get, shared.set.`);
  }
}

function toolWish(tool: string, args: Json, holder: Holder): Wish {
  const { ownTools, permissions } = holder;
  const direct = { op: 'CALL_TOOL', tool, args } as const;
  if (hasReference(args)) return denied(direct, 'secrets, which no plugin gets', holder);
  const named = permissions.find((one) => one.name === 'tool' && matches(one.tool, tool));
  if (named !== undefined) return allowed(direct, named, holder);
  // Whoever may call it has its permissions. A name that only begins as its own do is of a tool of somebody else's, or of that by which it reaches the network.
  if (ownTools.has(tool)) return { instruction: direct, permission: { decision: 'ALLOW', by: `${holder.plugin}: its own tool` } };
  if (tool === 'host.net.fetch') return fetchWish(args, holder);
  if (tool === 'host.system.bash') return wish(direct, 'shell', holder);
  const files = filesIn(tool, args);
  if (files === undefined) return denied(direct, `tool:${tool}`, holder);
  const permission = permissions.find((one) => one.name === 'filesystem' && (one.mode === 'write' || files.mode === 'read') && pathCovers(one.path, files.path));
  return permission === undefined ? denied(direct, `filesystem (${files.mode} ${files.asked})`, holder) : allowed(direct, permission, holder);
}

function fetchWish(args: Json, holder: Holder): Wish {
  const direct = { op: 'CALL_TOOL', tool: 'host.net.fetch', args } as const;
  const requested = requestIn(args);
  const covering = requested === undefined ? undefined : networkFor(requested, holder.permissions);
  if (covering === undefined) return denied(direct, requestText(requested), holder);
  // Any host is what the operator's own list is for; some are a list of the plugin's own, which redirections stay on, too.
  return allowed(!covering.isNamed || holder.fetchTool === undefined ? direct : { ...direct, tool: holder.fetchTool }, covering.permission, holder);
}

interface SharedPlace {
  readonly namespace: string;
  readonly key: string;
}

function place(name: string, args: JsonObject): SharedPlace {
  return { namespace: text(name, args, 'namespace'), key: text(name, args, 'key') };
}

function sharedRead(from: SharedPlace, holder: Holder): Wish {
  return sharedWish({ op: 'READ', store: 'shared', ...from }, from, holder);
}

function sharedWrite({ expectedVersion }: JsonObject, to: SharedPlace & { readonly value: Json }, holder: Holder): Wish {
  if (!Number.isSafeInteger(expectedVersion)) throw invalid('shared.set takes the version that was read in "expectedVersion"; 0 for a new key.');
  return sharedWish({ op: 'WRITE', store: 'shared', ...to, expectedVersion: expectedVersion as number }, to, holder);
}

function sharedWish(instruction: AskedInstruction, { namespace }: SharedPlace, holder: Holder): Wish {
  const permission = holder.permissions.find((one) => one.name === 'shared' && one.namespace === namespace);
  return permission === undefined ? denied(instruction, `shared:${namespace}`, holder) : allowed(instruction, permission, holder);
}

function wish(instruction: AskedInstruction, needed: 'memory' | 'shell', holder: Holder): Wish {
  const permission = holder.permissions.find(({ name }) => name === needed);
  return permission === undefined ? denied(instruction, needed, holder) : allowed(instruction, permission, holder);
}

function allowed(instruction: AskedInstruction, permission: Permission, { plugin }: Holder): Wish {
  return { instruction, permission: { decision: 'ALLOW', by: `${plugin}: ${permissionText(permission)}` } };
}

function denied(instruction: AskedInstruction, needed: string, { plugin }: Holder): Wish {
  return { instruction, permission: { decision: 'DENY', by: `${plugin} has no permission for ${needed}` } };
}

/** A reference to a secret, which the agent may use and the plugin may not. */
function hasReference(args: Json): boolean {
  if (typeof args !== 'object' || args === null) return false;
  return '$secret' in args || Object.values(args as JsonObject).some(hasReference);
}

/** A plugin has a part of its agent's memory, and sees no other. */
function ownKey(name: string, args: JsonObject, { shortName }: Holder): string {
  return `${shortName}/${text(name, args, 'key')}`;
}

function value(name: string, args: JsonObject): Json {
  const given = args['value'];
  if (given === undefined) throw invalid(`${name} takes a "value" that is JSON.`);
  return given;
}

function text(name: string, args: JsonObject, field: string): string {
  const given = args[field];
  if (typeof given !== 'string' || given === '') throw invalid(`${name} takes a text in "${field}".`);
  return given;
}

function asObject(name: string, given: Json): JsonObject {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid(`${name.slice(0, 64)} takes an object.`);
  return given as JsonObject;
}

function invalid(message: string) {
  return pluginError('PLUGIN_CALL_INVALID', message);
}
