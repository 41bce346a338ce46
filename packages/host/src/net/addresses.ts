/** Which addresses are public, pure. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Where clouds answer questions about the machine, beside those in ranges that are refused anyway. */
const METADATA = new Set(['168.63.129.16']);
/** All that is routed in the Internet is in here (RFC 4291, 2.4); so is documentation, which is not. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
const NOT_ROUTED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((range) => ipaddr.IPv6.parseCIDR(range));

/** An address, or nothing where a text is none in its usual form; one that is wrapped in another one is taken out. */
export function parseAddress(text: string): Address | undefined {
  const plain = text.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.IPv4.isValidFourPartDecimal(plain) && !ipaddr.IPv6.isValid(plain)) return undefined;
  return ipaddr.process(plain);
}

/**
 * Whether an address is one of the public Internet: no private, loopback, link-local, shared (CGNAT), multicast, reserved or
 * documentation address, none of a cloud's metadata, and no way into one (IPv4-mapped, NAT64, 6to4, Teredo).
 */
export function isPublic(address: Address): boolean {
  if (METADATA.has(address.toString()) || address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return true;
  return address.match(GLOBAL_V6) && !NOT_ROUTED_V6.some((range) => address.match(range));
}

/** Whether an address is in one of some ranges (`127.0.0.0/8`, `fd00::/8`). */
export function isInRanges(address: Address, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === address.kind() && address.match([network, bits] as [never, number]);
  });
}

export function isRange(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}
