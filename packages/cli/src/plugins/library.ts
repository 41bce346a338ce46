/** `@omnipaw/plugins` and `@omnipaw/host`, which are loaded only by whoever uses plugins, and may be absent for everybody else. */
import type * as host from '@omnipaw/host';
import type * as plugins from '@omnipaw/plugins';
import { UsageError } from '../failure.js';

export type PluginLibrary = typeof plugins;
export type HostLibrary = typeof host;

/** Throws a UsageError that says what to install. */
export async function pluginLibrary(): Promise<PluginLibrary> {
  const library = await installed(() => import('@omnipaw/plugins'), '@omnipaw/plugins');
  if (library !== undefined) return library;
  throw new UsageError('Plugins need the package @omnipaw/plugins, and it is not installed: npm install @omnipaw/plugins');
}

/** Undefined where it is not installed: plugins that want the network are refused then, and the others are not. */
export function hostLibrary(): Promise<HostLibrary | undefined> {
  return installed(() => import('@omnipaw/host'), '@omnipaw/host');
}

/** What an import gives; undefined if the package itself is not there, rather than something that it needs. */
export async function installed<Library>(load: () => Promise<Library>, name: string): Promise<Library | undefined> {
  try {
    return await load();
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return undefined;
    throw thrown;
  }
}
