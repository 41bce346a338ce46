/** What is fetched, held against permissions: pure. */
import type { Json } from '@omnipaw/kernel';
import { hostNames, isForAnyHost, type NetworkPermission, type Permission } from '../manifest/index.js';

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

/** The permission that covers it: rather one of some hosts, since nobody else has to allow those. */
export function networkFor({ url, method }: Requested, permissions: readonly Permission[]): NetworkPermission | undefined {
  const covering = permissions.filter((one): one is NetworkPermission =>
    one.name === 'network' && (one.methods as readonly string[]).includes(method) && one.hosts.some((host) => hostNames(host, url)));
  return covering.find((one) => !isForAnyHost(one)) ?? covering[0];
}

/** For people, without what may be secret in a URL. */
export function requestText(requested: Requested | undefined): string {
  if (requested === undefined) return 'network (to what is no URL)';
  const { url: { host, protocol }, method } = requested;
  return `network (${method.slice(0, MAX_SHOWN_HOST)} to ${host === '' ? protocol : host.slice(0, MAX_SHOWN_HOST)})`;
}
