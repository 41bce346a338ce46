import { createKernel, MemoryLogStore, type Extension, type KernelConfig, type LogStore, type SpawnOptions } from '@omnipaw/kernel';
import { AGENTS, lead, LEAD_GRANTS, TOOLS } from './cast.js';

export interface RunOptions extends Partial<KernelConfig> {
  readonly extension?: Extension;
  readonly workers?: number;
  readonly spawn?: SpawnOptions;
}

/** Runs `lead` to its end and stops; answers the log. */
export async function runLead({ extension, workers = 2, spawn = {}, log = new MemoryLogStore(), ...config }: RunOptions = {}): Promise<LogStore> {
  const kernel = await createKernel({ log, agents: AGENTS, tools: TOOLS, extensions: extension === undefined ? [] : [extension], ...config });
  await kernel.spawn(lead, workers, { grants: LEAD_GRANTS, ...spawn }).result();
  await kernel.stop();
  return log;
}
