import { createKernel, defineAgent, FileLogStore, MemoryLogStore, type KernelConfig, type LogStore, type OmniKernel } from '@omnipaw/kernel';
import { entriesOf } from './histories.js';

/** Writes so many entries, a line of memory each. */
export const writer = defineAgent('writer', function* (ctx, { entries, text = 'x' }: { readonly entries: number; readonly text?: string }) {
  for (let n = 0; n < entries; n++) {
    yield* ctx.memory.set(`key-${String(n % 10)}`, `${text}-${String(n)}`);
    // A tick of its own, now and then, so that others have their turn.
    if (n % 100 === 99) yield* ctx.sleep(0);
  }
});

/** Asks to be allowed something, and says how it went. */
export const asker = defineAgent('asker', function* (ctx) {
  yield* ctx.shared('team').set('plan', 'tea', 0);
  return 'done';
});

export interface Watched {
  readonly kernel: OmniKernel;
  readonly log: LogStore;
}

export async function boot(log: LogStore = new MemoryLogStore(), config: Partial<KernelConfig> = {}): Promise<Watched> {
  const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'write', resource: 'shared:team/**' }] as const;
  const kernel = await createKernel({ log, agents: [writer, asker], policies, checkpoints: false, ...config });
  return { kernel, log };
}

/** So many entries more than there are. */
export async function write({ kernel }: Watched, entries: number, text = 'x'): Promise<void> {
  await kernel.spawn(writer, { entries, text }).result();
  await kernel.flush();
}

/** The number of the newest entry. */
export async function lastSeq({ kernel, log }: Watched): Promise<number> {
  await kernel.flush();
  return (await entriesOf(log)).at(-1)!.busSeq;
}

/** A log in a directory, of which nobody writes any more. */
export async function writeLog(directory: string, entries: number): Promise<void> {
  const watched = await boot(new FileLogStore(directory));
  await write(watched, entries);
  await watched.kernel.stop();
}
