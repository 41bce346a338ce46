import type { Guest } from './guest.js';

/** `ctx`, the second argument of a handler: `call`, and over it what is easier to read. */
export function installContext(guest: Guest): void {
  guest.makeContext = (call, now) => {
    const tool = (name: unknown, args: unknown): Promise<unknown> => call('tool', { name, args: args ?? {} });
    const host = (name: string, args: unknown): Promise<unknown> => tool(`host.${name}`, args);
    const store = (kind: string, more: Record<string, unknown>) =>
      Object.freeze({
        get: (key: unknown) => call(`${kind}.get`, { ...more, key }),
        set: (key: unknown, value: unknown, expectedVersion?: unknown) => call(`${kind}.set`, { ...more, key, value, ...(expectedVersion === undefined ? {} : { expectedVersion }) }),
      });
    return Object.freeze({
      call: (name: unknown, args: unknown) => call(name, args),
      tool,
      fetch: (url: unknown, init: Record<string, unknown> = {}) => host('net.fetch', { ...init, url: String(url) }),
      fs: Object.freeze({
        readFile: (path: unknown, options: Record<string, unknown> = {}) => host('fs.read_file', { ...options, path }),
        writeFile: (path: unknown, content: unknown, options: Record<string, unknown> = {}) => host('fs.write_file', { ...options, path, content }),
        list: (path: unknown = '.') => host('fs.list_dir', { path }),
      }),
      shell: (command: unknown, options: Record<string, unknown> = {}) => host('system.bash', { ...options, command }),
      memory: Object.freeze({ ...store('memory', {}), delete: (key: unknown) => call('memory.delete', { key }) }),
      shared: (namespace: unknown) => store('shared', { namespace }),
      now,
      random: Math.random,
      log: (...values: readonly unknown[]) => guest.log(...values),
    });
  };
}
