/** What a plugin may use: each permission in one form, whichever way it was written. */
import { shown } from '../schemas/index.js';
import { HTTP_METHODS } from './manifest-schema.js';

export type HttpMethod = (typeof HTTP_METHODS)[number];

/** HTTP to hosts: `api.example.com`, `localhost:8080`, `*.example.com`, `*`. */
export interface NetworkPermission {
  readonly name: 'network';
  readonly hosts: readonly string[];
  readonly methods: readonly HttpMethod[];
}

/** Files of the workspace at or below a path, `.` for all of them; `write` reads as well. */
export interface FilesystemPermission {
  readonly name: 'filesystem';
  readonly mode: 'read' | 'write';
  readonly path: string;
}

/** A namespace of shared memory. */
export interface SharedPermission {
  readonly name: 'shared';
  readonly namespace: string;
}

/** A tool of the kernel. */
export interface ToolPermission {
  readonly name: 'tool';
  readonly tool: string;
}

export type Permission = NetworkPermission | FilesystemPermission | SharedPermission | ToolPermission | { readonly name: 'shell' } | { readonly name: 'memory' };

/** A permission as manifests and operators write it. */
export type PermissionSpec =
  | string
  | { readonly name: 'network'; readonly hosts: readonly string[]; readonly methods?: readonly HttpMethod[] }
  | { readonly name: 'filesystem'; readonly mode: 'read' | 'write'; readonly path: string };

/** The permission that was written; it must fit the schema of manifests, or the looser one of grants. */
export function permissionOf(spec: PermissionSpec): Permission {
  if (typeof spec === 'object') return spec.name === 'network' ? { ...spec, methods: spec.methods ?? ['GET', 'HEAD'] } : spec;
  const [name = '', rest = ''] = splitName(spec);
  switch (name) {
    case 'network':
      return { name, hosts: ['*'], methods: HTTP_METHODS };
    case 'shared':
      return { name, namespace: rest };
    case 'tool':
      return { name, tool: rest };
    case 'shell':
    case 'memory':
      return { name };
    default:
      throw new TypeError(`${shown(spec)} is no permission.`);
  }
}

/** The shortest form in which it can be written again. */
export function specOf(permission: Permission): PermissionSpec {
  switch (permission.name) {
    case 'network':
      return isUnbounded(permission) ? 'network' : permission;
    case 'filesystem':
      return permission;
    default:
      return nameOf(permission);
  }
}

/** By which a tool refers to it: `network`, `filesystem`, `shared:team`, `tool:host.git.status`. */
export function nameOf(permission: Permission): string {
  if (permission.name === 'shared') return `shared:${permission.namespace}`;
  return permission.name === 'tool' ? `tool:${permission.tool}` : permission.name;
}

/** For people: `network (GET, HEAD to api.open-meteo.com)`. */
export function permissionText(permission: Permission): string {
  switch (permission.name) {
    case 'network':
      return isUnbounded(permission) ? 'network (any host)' : `network (${permission.methods.join(', ')} to ${permission.hosts.join(', ')})`;
    case 'filesystem':
      return `filesystem (${permission.mode} ${permission.path === '.' ? 'the whole workspace' : permission.path})`;
    default:
      return nameOf(permission);
  }
}

function splitName(spec: string): readonly string[] {
  const colon = spec.indexOf(':');
  return colon < 0 ? [spec] : [spec.slice(0, colon), spec.slice(colon + 1)];
}

function isUnbounded({ hosts, methods }: NetworkPermission): boolean {
  return hosts.includes('*') && HTTP_METHODS.every((method) => methods.includes(method));
}
