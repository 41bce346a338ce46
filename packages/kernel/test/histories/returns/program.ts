/**
 * Agents that outlive the process they run in: what is only in the log of a kernel that was taken up again.
 *
 * Logs of this program lie beside it, each named after its format. Never change what it does: every later version of the kernel
 * has to replay them as they are.
 */
import { defineAgent, defineTool, OmniError, unchecked, type Tool } from '@omnipaw/kernel';

export const stamp = defineTool({ name: 'stamp', version: '1', description: 'stamps a page', input: unchecked<{ page: number }>(), idempotent: true, run: ({ page }) => `stamped ${page}` });
export const pay = defineTool({ name: 'pay', version: '1', description: 'pays once', input: unchecked<{ euros: number }>(), run: ({ euros }) => `paid ${euros}` });

const courier = defineAgent('courier', function* (ctx, page: number) {
  yield* ctx.sleep(1_000);
  return yield* ctx.tool(stamp, { page });
});

/** Begins anew twice, with other children, and asks each time which way it is to go. */
export const pilgrim = defineAgent('pilgrim', function* (ctx, { round, seen }: { round: number; seen: readonly unknown[] }) {
  const route = yield* ctx.version('route', 1, 2);
  const stamped = yield* ctx.tool(stamp, { page: round });
  let paid: string;
  try {
    paid = yield* ctx.tool(pay, { euros: 10 * round });
  } catch (error) {
    paid = error instanceof OmniError ? error.code : String(error);
  }
  const brought = yield* ctx.delegate(courier, round, { grants: ['call:stamp'] });
  yield* ctx.memory.set('round', round);
  const now = [...seen, [route, stamped, paid, brought]];
  if (round < 3) return yield* ctx.continueAsNew({ round: round + 1, seen: now });
  const { body } = yield* ctx.receive({ channel: 'home' });
  return [...now, body, yield* ctx.memory.get('round')];
});

export const agents = [pilgrim, courier];
export const tools = [stamp, pay] as readonly Tool[];
