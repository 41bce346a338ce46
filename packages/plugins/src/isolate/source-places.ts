/**
 * Where places of a bundle come from, by its source map: pure.
 *
 * An error of a plugin costs the plugin nothing, and its map may have hundreds of thousands of places. So it is read once from front to back
 * for the few that are asked for, and nothing of it is kept; to make an index of it takes a hundred times as long.
 */

/** Lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SourcePlace extends Place {
  readonly source: string;
}

const SEMICOLON = 59;
const COMMA = 44;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** By code of character; -1 for what is no digit. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) => DIGITS.indexOf(String.fromCharCode(code)));

/** For each place what it comes from, if the map says so. A map that cannot be read is as good as none. */
export function sourcePlaces(sourceMap: string, places: readonly Place[]): readonly (SourcePlace | undefined)[] {
  const { mappings, sources } = mapIn(sourceMap);
  const found = new MappingReader(mappings, places).read();
  return found.map((place) => {
    const source = place === undefined ? undefined : sources[place.source];
    return typeof source === 'string' ? { source, line: place!.line + 1, column: place!.column + 1 } : undefined;
  });
}

function mapIn(sourceMap: string): { readonly mappings: string; readonly sources: readonly unknown[] } {
  try {
    const { mappings, sources } = JSON.parse(sourceMap) as { readonly mappings?: unknown; readonly sources?: unknown };
    if (typeof mappings === 'string' && Array.isArray(sources)) return { mappings, sources };
  } catch {
    // It is none.
  }
  return { mappings: '', sources: [] };
}

/** Where something stands in the sources: the number of one, line and column from 0. */
interface Origin {
  readonly source: number;
  readonly line: number;
  readonly column: number;
}

/** Reads mappings (ECMA-426): lines end with `;`, segments with `,`, and each number is told by how much it is more than the one before. */
class MappingReader {
  readonly #text: string;
  readonly #places: readonly Place[];
  /** By line, the numbers of the places there. */
  readonly #lines = new Map<number, number[]>();
  readonly #found: (Origin | undefined)[];
  #at = 0;
  #line = 1;
  #here: readonly number[] | undefined;
  #column = 0;
  #source = 0;
  #sourceLine = 0;
  #sourceColumn = 0;
  /** Of the segment that was read last; the fifth would be a name. */
  readonly #fields = [0, 0, 0, 0, 0];

  constructor(text: string, places: readonly Place[]) {
    this.#text = text;
    this.#places = places;
    this.#found = places.map(() => undefined);
    for (const [index, { line }] of places.entries()) this.#lines.set(line, [...(this.#lines.get(line) ?? []), index]);
    this.#here = this.#lines.get(1);
  }

  read(): readonly (Origin | undefined)[] {
    const last = Math.max(0, ...this.#lines.keys());
    while (this.#at < this.#text.length && this.#line <= last) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === SEMICOLON) {
        this.#here = this.#lines.get(++this.#line);
        this.#column = 0;
      }
      if (code === SEMICOLON || code === COMMA) this.#at++;
      else if (!this.#segment()) break;
    }
    return this.#found;
  }

  /** False for what is none. */
  #segment(): boolean {
    const count = this.#numbers();
    if (count === undefined) return false;
    const [column, source, line, sourceColumn] = this.#fields as [number, number, number, number];
    this.#column += column;
    if (count >= 4) {
      this.#source += source;
      this.#sourceLine += line;
      this.#sourceColumn += sourceColumn;
    }
    if (this.#here !== undefined) this.#note(this.#here, count >= 4 ? { source: this.#source, line: this.#sourceLine, column: this.#sourceColumn } : undefined);
    return true;
  }

  /** Segments are in the order of their columns, so the last one that is not behind a place is that of the place. */
  #note(here: readonly number[], origin: Origin | undefined): void {
    for (const index of here) if (this.#column < this.#places[index]!.column) this.#found[index] = origin;
  }

  /** How many numbers there are up to the next separator. */
  #numbers(): number | undefined {
    let at = this.#at;
    let [count, value, shift] = [0, 0, 0];
    for (; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === SEMICOLON || code === COMMA) break;
      const digit = VALUES[code] ?? -1;
      if (digit < 0 || count >= this.#fields.length || shift > 25) return undefined;
      value |= (digit & 31) << shift;
      shift += 5;
      if (digit >= 32) continue;
      this.#fields[count++] = (value & 1) === 1 ? -(value >>> 1) : value >>> 1;
      value = shift = 0;
    }
    this.#at = at;
    return shift === 0 ? count : undefined;
  }
}
