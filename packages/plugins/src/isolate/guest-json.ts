import { toJson, type Json } from '@omnipaw/kernel';

/** JSON that the guest has written; or what is wrong with it. */
export type GuestJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly depth?: number; readonly message: string };

/** As deep as the kernel takes values. */
export const MAX_DEPTH = 256;

/**
 * Reads what the guest has written: not deeper than so many levels, and without `__proto__`, which would make a prototype of
 * what somebody assigns. What the kernel does not take as a value (lone surrogates) is refused, too.
 */
export function readGuestJson(text: string, maxDepth = MAX_DEPTH): GuestJson {
  const depth = depthOf(text);
  if (depth > maxDepth) return { ok: false, depth, message: `nested ${depth} levels deep` };
  try {
    const value: unknown = JSON.parse(text);
    // An escape may spell it, too.
    if (text.includes('__proto__') || text.includes('\\u')) removeProto(value);
    return { ok: true, value: toJson(value) };
  } catch (thrown) {
    return { ok: false, message: (thrown as Error).message };
  }
}

/** Levels of arrays and objects, without reading the text as JSON: so that nothing deep is ever built. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

function removeProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, '__proto__')) delete (value as Record<string, unknown>)['__proto__'];
  for (const item of Object.values(value)) removeProto(item);
}
