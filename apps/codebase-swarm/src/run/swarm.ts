import path from 'node:path';
import { createKernel, FileLogStore, type Subscriber } from '@omnipaw/kernel';
import { otel } from '@omnipaw/otel';
import type { TelemetryProvider } from '@omnipaw/otel/sdk';
import { quota } from '@omnipaw/quota';
import { BUDGETS, type Budgets } from '../agents/budgets.js';
import { createAgents, type Goal, type SwarmReport } from '../agents/coordinator.js';
import { RULES, type Parts } from '../agents/parts.js';
import { copyFolder, removeCopy } from '../tools/check.js';
import { createTools, type Tools } from '../tools/index.js';
import { LOG_FOLDER, type RunDirectories } from './directories.js';

/** A swarm at work. */
export interface Swarm {
  /** Rejects with what ended the coordinator, and with `KERNEL_STOPPED` after `stop`. */
  readonly result: Promise<SwarmReport>;
  /** The last entry so far: pin it, and nobody can cut the log's tail unseen. */
  head(): { readonly busSeq: number; readonly hash: string };
  /** Stops what runs, and closes the log. */
  stop(): Promise<void>;
}

export interface SwarmOptions extends Partial<Goal> {
  /** Told of every entry. */
  readonly watch?: Subscriber;
  /** What exports spans and numbers of it. */
  readonly telemetry?: Pick<TelemetryProvider, 'logger'> | undefined;
  readonly budgets?: Budgets;
  /** Another planner, other patchers. */
  readonly parts?: Partial<Parts>;
  /** @internal Other tools of the same names. */
  readonly toolsOf?: (tools: Tools) => Tools;
}

const DEFAULT_AGENTS = 3;

/** Boots a kernel with a log of its own and starts the coordinator, who delegates all the rest. */
export async function startSwarm(directories: RunDirectories, options: SwarmOptions = {}): Promise<Swarm> {
  const { watch, telemetry, budgets = BUDGETS, toolsOf, agents = DEFAULT_AGENTS, fix = true, check = null } = options;
  const parts = { ...RULES, ...options.parts };
  const ownTools = createTools({ ...directories, copy: copyFolder(directories) });
  const tools = toolsOf?.(ownTools) ?? ownTools;
  const cast = createAgents(tools, { budgets, parts });
  const limits = quota();
  const { logger } = telemetry ?? {};
  const kernel = await createKernel({
    log: new FileLogStore(path.join(directories.output.root, LOG_FOLDER)),
    agents: cast.agents,
    tools: [...Object.values(tools), ...parts.tools],
    extensions: telemetry === undefined ? [limits] : [limits, otel({ quota: limits.ledger, ...(logger === undefined ? {} : { logger }) })],
  });
  if (watch !== undefined) kernel.subscribe(watch);
  const handle = kernel.spawn(cast.coordinator, { agents, fix, check }, { grants: cast.grants, quota: budgets.coordinator });
  return {
    result: handle.result(),
    head: () => ({ busSeq: kernel.entryCount - 1, hash: kernel.head }),
    stop: async () => {
      await kernel.stop();
      await removeCopy(directories.output);
    },
  };
}
