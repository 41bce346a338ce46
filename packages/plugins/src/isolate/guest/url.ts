/**
 * `URL` and `URLSearchParams`. The rules of the URL Standard are asked for outside (`url-answers.ts`), by text: they are pure, and
 * the host has a well-kept implementation of them.
 */
import type { Guest } from './guest.js';

export function installSearchParams(guest: Guest): void {
  const { parse, stringify } = JSON;
  const text: (value: unknown) => string = String;
  const isNamed = (name: unknown): ((pair: [string, string]) => boolean) => ([key]) => key === text(name);
  const ask = (question: readonly unknown[]): unknown => {
    const answer: unknown = parse(guest.send('U' + stringify(question)));
    if (answer === null) throw new TypeError('The parameters are too long.');
    return answer;
  };
  let link: (params: URLSearchParams, changed: (query: string) => void) => void = () => undefined;
  let read: (params: URLSearchParams, query: string) => void = () => undefined;

  class URLSearchParams {
    #pairs: [string, string][] = [];
    /** Tells the URL whose query this is. */
    #changed: (query: string) => void = () => undefined;
    constructor(init: unknown = '') {
      if (typeof init !== 'object' || init === null) {
        read(this, text(init));
        return;
      }
      const pairs = Symbol.iterator in init ? [...(init as Iterable<Iterable<unknown>>)].map((pair) => [...pair]) : Object.entries(init);
      if (pairs.some((pair) => pair.length !== 2)) throw new TypeError('Each parameter is a pair of a name and a value.');
      this.#pairs = pairs.map(([name, value]) => [text(name), text(value)]);
    }
    static {
      link = (params, changed) => { params.#changed = changed; };
      read = (params, query) => { params.#pairs = ask(['pairs', query]) as [string, string][]; };
    }
    #set(pairs: [string, string][]): void {
      this.#pairs = pairs;
      this.#changed(this.toString());
    }
    get size(): number { return this.#pairs.length; }
    append(name: unknown, value: unknown): void { this.#set([...this.#pairs, [text(name), text(value)]]); }
    delete(name: unknown, ...values: readonly unknown[]): void { this.#set(this.#pairs.filter((pair) => !isNamed(name)(pair) || (values[0] !== undefined && pair[1] !== text(values[0])))); }
    get(name: unknown): string | null { return this.#pairs.find(isNamed(name))?.[1] ?? null; }
    getAll(name: unknown): string[] { return this.#pairs.filter(isNamed(name)).map(([, value]) => value); }
    has(name: unknown, ...values: readonly unknown[]): boolean { return this.#pairs.some((pair) => isNamed(name)(pair) && (values[0] === undefined || pair[1] === text(values[0]))); }
    set(name: unknown, value: unknown): void {
      const first = this.#pairs.findIndex(isNamed(name));
      const others = this.#pairs.filter((pair, index) => !isNamed(name)(pair) || index === first);
      this.#set(first < 0 ? [...others, [text(name), text(value)]] : others.map((pair, index) => (index === first ? [pair[0], text(value)] : pair)));
    }
    sort(): void { this.#set([...this.#pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))); }
    forEach(visit: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
      for (const [name, value] of this.#pairs) visit.call(self, value, name, this);
    }
    entries(this: URLSearchParams): IterableIterator<[string, string]> { return this.#pairs.map(([name, value]): [string, string] => [name, value]).values(); }
    keys(): IterableIterator<string> { return this.#pairs.map(([name]) => name).values(); }
    values(): IterableIterator<string> { return this.#pairs.map(([, value]) => value).values(); }
    toString(): string { return ask(['form', ...this.#pairs.flat()]) as string; }
  }
  const iterator = Object.getOwnPropertyDescriptor(URLSearchParams.prototype, 'entries')!;
  Object.defineProperties(URLSearchParams.prototype, { [Symbol.iterator]: iterator, [Symbol.toStringTag]: { value: 'URLSearchParams', configurable: true } });
  Object.defineProperty(guest.global, 'URLSearchParams', { value: URLSearchParams, writable: true, configurable: true });
  guest.makeParams = (query, changed) => {
    const params = new URLSearchParams(query);
    link(params, changed);
    return { params, read: (other) => { read(params, other); } };
  };
}

export function installUrl(guest: Guest): void {
  const { parse, stringify } = JSON;
  const text: (value: unknown) => string = String;
  type Parts = Readonly<Record<string, string>>;
  const ask = (question: readonly unknown[], about: string): Parts => {
    const parts = parse(guest.send('U' + stringify(question))) as Parts | null;
    if (parts === null) throw new TypeError(`Invalid URL: ${about}`);
    return parts;
  };
  const parsed = (url: unknown, base: unknown): Parts => ask(['parse', text(url), ...(base === undefined ? [] : [text(base)])], text(url));
  let partsOf: (url: URL) => Parts = () => ({});
  let change: (url: URL, name: string, value: string) => void = () => undefined;

  class URL {
    #parts: Parts;
    readonly #query: ReturnType<Guest['makeParams']>;
    constructor(url: unknown, base?: unknown) {
      this.#parts = parsed(url, base);
      this.#query = guest.makeParams(this.#parts['search'] ?? '', (query) => {
        this.#parts = ask(['change', this.#parts['href'], 'search', query], query);
      });
    }
    static {
      partsOf = (url) => url.#parts;
      change = (url, name, value) => {
        url.#parts = ask(['change', url.#parts['href'], name, value], value);
        if (name === 'href' || name === 'search') url.#query.read(url.#parts['search'] ?? '');
      };
    }
    static canParse(url: unknown, base?: unknown): boolean {
      try {
        parsed(url, base);
        return true;
      } catch {
        return false;
      }
    }
    get searchParams(): unknown {
      return this.#query.params;
    }
    toString(): string {
      return partsOf(this)['href'] ?? '';
    }
    toJSON(): string {
      return partsOf(this)['href'] ?? '';
    }
  }
  for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']) {
    const get = function (this: URL): string | undefined { return partsOf(this)[name]; };
    const set = function (this: URL, value: unknown): void { change(this, name, text(value)); };
    Object.defineProperty(URL.prototype, name, { get, ...(name === 'origin' ? {} : { set }), enumerable: true, configurable: true });
  }
  Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true });
  Object.defineProperty(guest.global, 'URL', { value: URL, writable: true, configurable: true });
}
