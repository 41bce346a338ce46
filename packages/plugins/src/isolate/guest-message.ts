/** What the guest may say by `send`: one letter, and what belongs to it. Whatever else it says means nothing. */
export type GuestMessage =
  | { readonly kind: 'call'; readonly call: number; readonly name: string; readonly args: string }
  | { readonly kind: 'log' | 'done' | 'unfit'; readonly text: string }
  | { readonly kind: 'threw'; readonly name: string; readonly message: string; readonly stack: string; readonly code: string }
  | { readonly kind: 'url'; readonly question: string };

/** Undefined for what is no message. */
export function parseGuestMessage(text: string): GuestMessage | undefined {
  const rest = text.slice(1);
  switch (text[0]) {
    case 'C':
      return parseCall(rest);
    case 'D':
      return { kind: 'done', text: rest };
    case 'F':
      return parseThrown(rest);
    case 'L':
      return { kind: 'log', text: rest };
    case 'R':
      return { kind: 'unfit', text: rest };
    case 'U':
      return { kind: 'url', question: rest };
    default:
      return undefined;
  }
}

/** `index,length of the name,name arguments`. */
function parseCall(text: string): GuestMessage | undefined {
  const head = /^(\d{1,9}),(\d{1,9}),/.exec(text);
  if (head === null) return undefined;
  const begin = head[0].length;
  const end = begin + Number(head[2]);
  return { kind: 'call', call: Number(head[1]), name: text.slice(begin, end), args: text.slice(end) };
}

const MAX_TEXT = 16_384;

function parseThrown(text: string): GuestMessage | undefined {
  try {
    const fields = JSON.parse(text) as Record<string, unknown> | null;
    const field = (name: string): string => {
      const value = fields?.[name];
      return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
    };
    return { kind: 'threw', name: field('name'), message: field('message'), stack: field('stack'), code: field('code') };
  } catch {
    return undefined;
  }
}
