/**
 * The memory that the agents share, in pages: each page is in the log once, however many read it. A result that is handed
 * from child to parent to child would be there three times.
 */
import type { AgentContext, Instruction } from '@omnipaw/kernel';
import { heavyChunks } from './chunks.js';

/** The namespace. */
export const BOARD = 'board';

export interface Page<Item> {
  readonly list: string;
  /** From 0. */
  readonly page: number;
  readonly items: readonly Item[];
}

/** What there is of a page in one value: a page that is too heavy for one has several. */
interface Part<Item> {
  readonly items: readonly Item[];
  readonly isLast: boolean;
}

/** Of up to three bytes each, and a value may have a million bytes. */
const MAX_PART_CHARS = 256 * 1024;

/** Puts a page on the board. Whoever had this piece of work before may have failed after it: the page is that of the last attempt. */
export function* writePage<Item, Memory>(ctx: AgentContext<Memory>, { list, page, items }: Page<Item>): Generator<Instruction, void> {
  const parts = heavyChunks(items, { maxItems: Infinity, maxChars: MAX_PART_CHARS });
  for (const [index, part] of parts.entries()) {
    const key = keyOf(list, page, index);
    const { version } = yield* ctx.shared(BOARD).get(key);
    yield* ctx.shared(BOARD).set(key, { items: part, isLast: index === parts.length - 1 } satisfies Part<Item>, version);
  }
}

/** All pages of a list in order, as one; some have nothing on them, and were not written. */
export function* readPages<Item, Memory>(ctx: AgentContext<Memory>, list: string, pages: number): Generator<Instruction, Item[]> {
  const items: Item[] = [];
  for (let page = 0; page < pages; page++) for (const item of yield* readPage<Item, Memory>(ctx, list, page)) items.push(item);
  return items;
}

export function* readPage<Item, Memory>(ctx: AgentContext<Memory>, list: string, page: number): Generator<Instruction, readonly Item[]> {
  const items: Item[] = [];
  for (let index = 0; ; index++) {
    const { value } = yield* ctx.shared(BOARD).get<Part<Item>>(keyOf(list, page, index));
    for (const item of value?.items ?? []) items.push(item);
    if (value?.isLast !== false) return items;
  }
}

function keyOf(list: string, page: number, part: number): string {
  return `${list}/${String(page)}${part === 0 ? '' : `.${String(part)}`}`;
}

export function readGrant(list: string): string {
  return `read:shared:${BOARD}/${list}/*`;
}

export function writeGrant(list: string): string {
  return `write:shared:${BOARD}/${list}/*`;
}
