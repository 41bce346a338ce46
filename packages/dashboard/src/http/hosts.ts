/** Which names of the server count, pure: a page of another site can lead a browser here by any other name (DNS rebinding). */

/** Where a request came in. */
export interface Arrival {
  /** The address of this machine that it came to. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly isEncrypted: boolean;
}

/** As a `Host` has it: `localhost:9090`. */
export function hostsOf({ localAddress, localPort, isEncrypted }: Arrival, allowed: readonly string[]): ReadonlySet<string> {
  const address = localAddress.replace(/^::ffff:/, '');
  const names = isLoopback(address) ? ['127.0.0.1', 'localhost', '[::1]'] : [address.includes(':') ? `[${address}]` : address];
  const isUsualPort = localPort === (isEncrypted ? 443 : 80);
  const own = names.flatMap((name) => (isUsualPort ? [name, `${name}:${localPort}`] : [`${name}:${localPort}`]));
  return new Set([...own, ...allowed.map((host) => host.toLowerCase())]);
}

/** As an `Origin` has it. Those that were allowed by name may be behind a proxy that encrypts. */
export function originsOf(arrival: Arrival, allowed: readonly string[]): ReadonlySet<string> {
  const scheme = arrival.isEncrypted ? 'https' : 'http';
  const own = [...hostsOf(arrival, [])].map((host) => `${scheme}://${host}`);
  return new Set([...own, ...allowed.flatMap((host) => [`http://${host.toLowerCase()}`, `https://${host.toLowerCase()}`])]);
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(address.replace(/^::ffff:/, ''));
}
