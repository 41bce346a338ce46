import type { AgentContext, Instruction } from '@omnipaw/kernel';
import { codeOf } from '../errors.js';
import { deliver, type Outgoing } from '../remote/index.js';
import type { Patience } from './deadline.js';

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 1_000;

interface Patient {
  readonly ctx: Pick<AgentContext, 'send' | 'sleep' | 'tool'>;
  readonly deadline: Patience;
}

/** Sends, and again after growing waits while the mailbox is full; throws `MAILBOX_FULL` once patience is over, and anything else at once. */
export function* sendPatiently({ ctx, deadline }: Patient, { to, channel, body }: Outgoing): Generator<Instruction, void> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      yield* deliver(ctx, { to, channel, body, withinMs: deadline.withinMs });
      return;
    } catch (error) {
      if (codeOf(error) !== 'MAILBOX_FULL' || deadline.leftMs === 0) throw error;
      yield* ctx.sleep(Math.min(waitMs, deadline.leftMs));
    }
  }
}
