import { OmniError, type AgentContext, type Message } from '@omnipaw/kernel';
import type { Steps } from '../strategy.js';

/** What a coordinator waits for, and until when (milliseconds since the epoch). */
export interface Wanted {
  readonly channels: readonly string[];
  readonly until: number;
}

/** How a member's end is told by the kernel, on the channel `exit`. */
export interface Exit {
  readonly agent: string;
  /** The code of its error; null if it completed. */
  readonly error: string | null;
}

/** The next message on any of the channels; undefined if none comes in time. */
export function* nextMessage(ctx: AgentContext, { channels, until }: Wanted): Steps<Message | undefined> {
  if (until === Infinity) return yield* ctx.receive({ channel: channels });
  try {
    return yield* ctx.receive({ channel: channels, timeoutMs: Math.max(0, until - ctx.now()) });
  } catch (error) {
    if (error instanceof OmniError && error.code === 'RECEIVE_TIMEOUT') return undefined;
    throw error;
  }
}

/** How a member has ended, in words. */
export function* reasonOf(ctx: AgentContext, { agent, error }: Exit): Steps<{ readonly code: string; readonly message: string }> {
  if (error === null) return { code: 'TASK_UNREPORTED', message: `Agent "${agent}" has ended without being told to.` };
  try {
    yield* ctx.join({ agent });
  } catch (failed) {
    return { code: error, message: (failed as OmniError).message };
  }
  return { code: error, message: '' };
}

/** The swarm's own quota is used up: whoever was started in place of the member would only meet it again. */
export function isOutOfBudget({ error }: Pick<Exit, 'error'>, seat: { readonly quota?: unknown }): boolean {
  return error === 'QUOTA_EXCEEDED' && seat.quota === undefined;
}
