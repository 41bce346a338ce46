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

/** Puts a page on the board; nobody writes the same one twice. */
export function* writePage<Memory>(ctx: AgentContext<Memory>, { list, page, items }: Page): Generator<Instruction, void> {
  yield* ctx.shared(BOARD).set(`${list}/${page}`, items, 0);
}

/** All pages of a list in order, as one. */
export function* readPages<Item, Memory>(ctx: AgentContext<Memory>, list: string, pages: number): Generator<Instruction, Item[]> {
  const items: Item[] = [];
  for (let page = 0; page < pages; page++) {
    const { value } = yield* ctx.shared(BOARD).get(`${list}/${page}`);
    items.push(...(value as unknown as readonly Item[]));
  }
  return items;
}

export function readGrant(list: string): string {
  return `read:shared:${BOARD}/${list}/*`;
}

export function writeGrant(list: string): string {
  return `write:shared:${BOARD}/${list}/*`;
}
