import type { DelegationOptions } from '../delegation/index.js';

/**
 * What a program can ask of the kernel: JSON data, whether a generator yields it or a data program returns it.
 *
 * Values that a program passes are `unknown` here, because whether they are JSON is for the kernel to find out.
 */
export type Instruction =
  | { readonly op: 'NOOP' }
  | { readonly op: 'RETURN'; readonly value?: unknown }
  | { readonly op: 'CALL_TOOL'; readonly tool: string; readonly args?: unknown }
  | DelegateInstruction
  | { readonly op: 'JOIN'; readonly agent: string }
  /** Ends a child of one's own, and all below it. */
  | { readonly op: 'REVOKE'; readonly agent: string; readonly reason?: string }
  | { readonly op: 'SEND'; readonly to: string; readonly channel?: string; readonly body: unknown }
  | { readonly op: 'RECEIVE'; readonly channel?: string | readonly string[]; readonly from?: string; readonly timeoutMs?: number }
  | { readonly op: 'SLEEP'; readonly ms: number }
  | ReadInstruction
  | WriteInstruction
  | { readonly op: 'DECIDE'; readonly approval: number; readonly approved: boolean; readonly reason?: string }
  /** Which form of the program this agent goes by, where it was changed; answers a number from `min` to `max`. */
  | { readonly op: 'VERSION'; readonly change: string; readonly min: number; readonly max: number }
  /** Ends this life of the program and begins another one with this input, of which nothing but its memory knows the last. */
  | { readonly op: 'CONTINUE'; readonly input?: unknown }
  | { readonly op: 'ALL'; readonly of: readonly Instruction[] };

export interface DelegateInstruction {
  readonly op: 'DELEGATE';
  readonly type: string;
  readonly input?: unknown;
  readonly options?: DelegationOptions;
  /** Whether to wait for the child's result; without it the answer is the child's id. */
  readonly join?: boolean;
}

export type ReadInstruction =
  | { readonly op: 'READ'; readonly store: 'ephemeral' | 'persistent'; readonly key: string }
  | { readonly op: 'READ'; readonly store: 'shared'; readonly namespace: string; readonly key: string };

export type WriteInstruction =
  | { readonly op: 'WRITE'; readonly store: 'ephemeral'; readonly key: string; readonly value: unknown }
  /** Without a value, the key is deleted. */
  | { readonly op: 'WRITE'; readonly store: 'persistent'; readonly key: string; readonly value?: unknown }
  | {
      readonly op: 'WRITE';
      readonly store: 'shared';
      readonly namespace: string;
      readonly key: string;
      readonly value: unknown;
      readonly expectedVersion: number;
    };

export type InstructionOp = Instruction['op'];
