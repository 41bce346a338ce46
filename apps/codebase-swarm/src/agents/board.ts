/**
 * The memory that the agents share, in pages: each page is in the log once, however many read it. A result that is handed
 * from child to parent to child would be there three times.
 */
import type { AgentContext, Instruction } from '@omnipaw/kernel';

/** The namespace. */
export const BOARD = 'board';

export interface Page {
  readonly list: string;
  /** From 0. */
  readonly page: number;
  readonly items: readonly unknown[];
}

/**
 * Puts a page on the board, unless it is there: whoever had this piece of work before may have failed after it. Answers what is there.
 */
export function* writePage<Item, Memory>(ctx: AgentContext<Memory>, { list, page, items }: Page & { readonly items: readonly Item[] }): Generator<Instruction, readonly Item[]> {
  const { value, version } = yield* ctx.shared(BOARD).get<readonly Item[]>(`${list}/${page}`);
  if (version > 0) return value!;
  yield* ctx.shared(BOARD).set(`${list}/${page}`, items, 0);
  return items;
}

/** All pages of a list in order, as one; some have nothing on them, and were not written. */
export function* readPages<Item, Memory>(ctx: AgentContext<Memory>, list: string, pages: number): Generator<Instruction, Item[]> {
  const items: Item[] = [];
  for (let page = 0; page < pages; page++) items.push(...(yield* readPage<Item, Memory>(ctx, list, page)));
  return items;
}

export function* readPage<Item, Memory>(ctx: AgentContext<Memory>, list: string, page: number): Generator<Instruction, readonly Item[]> {
  const { value } = yield* ctx.shared(BOARD).get<readonly Item[]>(`${list}/${page}`);
  return value ?? [];
}

export function readGrant(list: string): string {
  return `read:shared:${BOARD}/${list}/*`;
}

export function writeGrant(list: string): string {
  return `write:shared:${BOARD}/${list}/*`;
}
