/** The rules of the URL Standard for the guest: pure, from text to text. `guest/url.ts` asks. */
const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const;
const CHANGEABLE: ReadonlySet<string> = new Set(PARTS.filter((part) => part !== 'origin'));
/** What is longer is no URL that anybody takes; forms may be. */
const MAX_LENGTH = 65_536;
/** Four times what a name in the network may have. Names in other alphabets take time in proportion to their square. */
const MAX_HOST_LENGTH = 1_024;
/** Where a host may be, for which the rules of names hold; without what is left out when a URL is read. */
const HOST = /^(?:(?:https?|wss?|ftp|file):[\\/]*|[\\/]{2,})([^\\/?#]*)/i;
// eslint-disable-next-line no-control-regex -- These are left out, too.
const LEFT_OUT = /^[\u0000-\u0020]+|[\t\n\r]/g;

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
      return [first, second ?? ''].some(isTooLong) ? undefined : partsOf(new URL(first, second));
    case 'change':
      return [first, hostIn(second, third)].some(isTooLong) ? undefined : changed(new URL(first), second ?? '', third);
    case 'pairs':
      return [...new URLSearchParams(first)];
    case 'form':
      return formOf(texts);
    default:
      return undefined;
  }
}

/** Whether the name of the host would take too long to look at. */
function isTooLong(url: string): boolean {
  return (HOST.exec(url.replaceAll(LEFT_OUT, ''))?.[1]?.length ?? 0) > MAX_HOST_LENGTH;
}

/** What has a host in it of what a part is changed to. */
function hostIn(part: string | undefined, value: string): string {
  if (part === 'href') return value;
  return part === 'host' || part === 'hostname' ? `//${value}` : '';
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
