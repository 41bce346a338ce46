/** What is fetched, held against permissions: pure. */
import type { Json } from '@omnipaw/kernel';
import { anyHost, hostNames, type NetworkPermission, type Permission } from '../manifest/index.js';

const MAX_SHOWN_HOST = 100;

export interface Requested {
  readonly url: URL;
  readonly method: string;
}

/** What the tool that fetches would read in these arguments; undefined for what is no URL. */
export function requestIn(args: Json): Requested | undefined {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  const { url, method = 'GET' } = args as { readonly url?: Json; readonly method?: Json };
  if (typeof url !== 'string' || typeof method !== 'string') return undefined;
  try {
    return { url: new URL(url), method };
  } catch {
    return undefined;
  }
}

/** What covers a request. */
export interface Covering {
  readonly permission: NetworkPermission;
  /** Whether it names the host, and not only any. */
  readonly isNamed: boolean;
}

/** What covers it: rather a host that is named, since nobody else has to allow that. */
export function networkFor({ url, method }: Requested, permissions: readonly Permission[]): Covering | undefined {
  let any: NetworkPermission | undefined;
  for (const permission of permissions) {
    if (permission.name !== 'network' || !(permission.methods as readonly string[]).includes(method)) continue;
    const hosts = permission.hosts.filter((host) => hostNames(host, url));
    if (!hosts.every(anyHost)) return { permission, isNamed: true };
    if (hosts.length > 0) any ??= permission;
  }
  return any === undefined ? undefined : { permission: any, isNamed: false };
}

/** For people, without what may be secret in a URL. */
export function requestText(requested: Requested | undefined): string {
  if (requested === undefined) return 'network (to what is no URL)';
  const { url: { host, protocol }, method } = requested;
  return `network (${method.slice(0, MAX_SHOWN_HOST)} to ${host === '' ? protocol : host.slice(0, MAX_SHOWN_HOST)})`;
}
