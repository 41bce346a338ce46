import type { Json } from '@omnipaw/kernel';

/**
 * JSON in the one form that equal values share: the JSON Canonicalization Scheme (RFC 8785).
 *
 * Keys are sorted by UTF-16 code units; numbers and strings are written as `JSON.stringify` does it, which is what the RFC
 * asks for. The value must be JSON as the kernel has it: no lone surrogates, no -0, nothing infinite.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as Readonly<Record<string, Json>>;
  const members = Object.keys(object).sort().map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key]!)}`);
  return `{${members.join(',')}}`;
}
