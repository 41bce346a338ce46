/** Hosts in permissions, pure. */

const MAX_PORT = 65_535;

/** What is wrong with a host that has the form of one, as what comes after it; undefined for a good one. */
export function hostProblem(host: string): string | undefined {
  const { name, port } = hostParts(host);
  if (port !== undefined && Number(port) > MAX_PORT) return `has a port above ${MAX_PORT}`;
  if (name === '*') return undefined;
  const plain = name.replace(/^\*\./, '');
  const asUrl = hostnameOf(plain);
  if (asUrl === plain) return undefined;
  // Addresses can be written in many ways: 127.1, 0x7f.0.0.1. A list of hosts has each in the one that URLs have.
  return `is not written as URLs have it${asUrl === '' ? '' : `: write ${JSON.stringify(host.replace(plain, asUrl))}`}`;
}

/** Whether all that a pattern of hosts stands for is among what another one does. */
export function hostCovers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  const [wide, narrow] = [hostParts(outer), hostParts(inner)];
  const isPort = wide.port === narrow.port;
  if (wide.name === '*') return isPort;
  return isPort && wide.name.startsWith('*.') && narrow.name.length > wide.name.length - 1 && narrow.name.endsWith(wide.name.slice(1));
}

function hostParts(host: string): { readonly name: string; readonly port: string | undefined } {
  const [, name = host, port] = /^(.*?)(?::(\d+))?$/s.exec(host) ?? [];
  return { name, port };
}

function hostnameOf(name: string): string {
  try {
    return new URL(`http://${name}/`).hostname;
  } catch {
    return '';
  }
}
