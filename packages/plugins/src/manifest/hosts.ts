/** Hosts in permissions, pure. */

const MAX_PORT = 65_535;
const USUAL_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

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

/** What is wrong with a host that a plugin asks for, likewise: an operator may grant more than a plugin may ask for. */
export function wantedHostProblem(host: string): string | undefined {
  const { name, port } = hostParts(host);
  if (name === '*' && port !== undefined) return 'is any host at one port, and redirections of any host may lead to others. Name the hosts, or ask for "*"';
  return hostProblem(host);
}

/** Whether all that a pattern of hosts stands for is among what another one does. */
export function hostCovers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  const [wide, narrow] = [hostParts(outer), hostParts(inner)];
  const isPort = wide.port === narrow.port;
  if (wide.name === '*') return isPort;
  return isPort && wide.name.startsWith('*.') && narrow.name.length > wide.name.length - 1 && narrow.name.endsWith(wide.name.slice(1));
}

/** Whether a pattern stands for the host and port of a URL, as the tools that fetch read it. */
export function hostNames(pattern: string, { protocol, hostname, port }: URL): boolean {
  const usual = Object.hasOwn(USUAL_PORTS, protocol) ? USUAL_PORTS[protocol]! : undefined;
  if (usual === undefined) return false;
  if (pattern === '*') return true;
  const wanted = hostParts(pattern);
  if ((wanted.port ?? usual) !== (port === '' ? usual : port)) return false;
  // A name may end with a dot, and is the same name.
  const name = hostname.replace(/\.$/, '');
  return wanted.name === '*' || (wanted.name.startsWith('*.') ? name.endsWith(wanted.name.slice(1)) && name.length >= wanted.name.length : name === wanted.name);
}

/** Whether a pattern stands for any host, if at one port. */
export function anyHost(pattern: string): boolean {
  return hostParts(pattern).name === '*';
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
