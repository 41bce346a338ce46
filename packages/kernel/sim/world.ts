import type { ToolContext } from '@omnipaw/kernel';

/** Something that a tool has done and nobody can take back. */
export interface Effect {
  readonly tool: string;
  /** The idempotency key of the call. */
  readonly key: string;
  readonly attempt: number;
}

/** What is outside of the kernel and survives its crashes: who acted, and how often. */
export class World {
  readonly effects: Effect[] = [];

  act({ tool, idempotencyKey, attempt }: ToolContext): void {
    this.effects.push({ tool, key: idempotencyKey, attempt });
  }

  /** The effects of a call, by its key. */
  byKey(): ReadonlyMap<string, readonly Effect[]> {
    const found = new Map<string, Effect[]>();
    for (const effect of this.effects) found.set(effect.key, [...(found.get(effect.key) ?? []), effect]);
    return found;
  }
}
