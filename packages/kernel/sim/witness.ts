import { OmniError, type Json, type OmniKernel, type Snapshot } from '@omnipaw/kernel';
import type { Life } from './life.js';

/** A head of the log that the kernel has called durable. */
export interface DurableHead {
  readonly busSeq: number;
  readonly hash: string;
}

/** How an agent ended, as its `result()` told. */
export interface ToldEnd {
  readonly agent: string;
  readonly told: { readonly value: Json } | { readonly code: string };
}

/** Hears what a kernel tells, as long as both live, and remembers it over all lives. */
export class Witness {
  readonly heads: DurableHead[] = [];
  readonly ends: ToldEnd[] = [];
  #end: { readonly head: string; readonly snapshot: Snapshot } | undefined;

  /** The kernel's own view when it was stopped in order. */
  get last(): { readonly head: string; readonly snapshot: Snapshot } | undefined {
    return this.#end;
  }

  /** From the end of its boot on. */
  watch(kernel: OmniKernel, life: Life): void {
    if (life.hasDied()) return;
    // Agents that were taken up may have run ahead of the disk already.
    if (kernel.durableSeq === kernel.entryCount - 1) this.heads.push({ busSeq: kernel.durableSeq, hash: kernel.head });
    const hashes = new Map<number, string>();
    kernel.subscribe(({ busSeq, hash }) => hashes.set(busSeq, hash));
    kernel.onDurable((busSeq) => {
      const hash = hashes.get(busSeq);
      if (!life.hasDied() && hash !== undefined && life.step()) this.heads.push({ busSeq, hash });
    });
    for (const { id } of kernel.snapshot().agents) this.expect(id, kernel, life);
  }

  /** Waits for the result of an agent. */
  expect(agent: string, kernel: OmniKernel, life: Life): void {
    const hear = (told: ToldEnd['told']): void => {
      if (life.step()) this.ends.push({ agent, told });
    };
    kernel.agent(agent).result().then(
      (value) => { hear({ value: value as Json }); },
      (error: unknown) => {
        const code = error instanceof OmniError ? error.code : String(error);
        // These say that the kernel does not know, and so they are no result.
        if (code !== 'KERNEL_HALTED' && code !== 'KERNEL_STOPPED') hear({ code });
      },
    );
  }

  end(view: { readonly head: string; readonly snapshot: Snapshot }): void {
    this.#end = view;
  }
}
