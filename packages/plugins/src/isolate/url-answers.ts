/** The rules of the URL Standard for the guest: pure, from text to text. `guest/url.ts` asks. */
const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const;
const CHANGEABLE: ReadonlySet<string> = new Set(PARTS.filter((part) => part !== 'origin'));
/** What is longer is no URL that anybody takes. */
const MAX_LENGTH = 262_144;

/** JSON of the answer; `null` for what is no URL, and for what is no question. */
export function answerUrl(question: string): string {
  if (question.length > MAX_LENGTH) return 'null';
  try {
    return JSON.stringify(answer(JSON.parse(question)) ?? null);
  } catch {
    return 'null';
  }
}

/** Throws for what is no URL. */
function answer(question: unknown): unknown {
  if (!Array.isArray(question) || !question.every((part) => typeof part === 'string')) return undefined;
  const [kind, ...texts] = question;
  const [first = '', second, third = ''] = texts;
  switch (kind) {
    case 'parse':
      return partsOf(new URL(first, second));
    case 'change':
      return changed(new URL(first), second ?? '', third);
    case 'pairs':
      return [...new URLSearchParams(first)];
    case 'form':
      return formOf(texts);
    default:
      return undefined;
  }
}

/** Of names, each with its value after it. */
function formOf(texts: readonly string[]): string {
  const form = new URLSearchParams();
  for (let at = 0; at + 1 < texts.length; at += 2) form.append(texts[at]!, texts[at + 1]!);
  return form.toString();
}

function changed(url: URL, part: string, value: string): unknown {
  if (!CHANGEABLE.has(part)) return undefined;
  url[part as 'href'] = value;
  return partsOf(url);
}

function partsOf(url: URL): Readonly<Record<string, string>> {
  return Object.fromEntries(PARTS.map((part) => [part, url[part]]));
}
