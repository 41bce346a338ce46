/** Kernels that talk to one another, in memory and in virtual time. */
import { createKernel, MemoryLogStore, verify, type Entry, type KernelConfig, type OmniKernel, type Tool } from '@omnipaw/kernel';
import { swarm, swarmNode, type SwarmNode, type SwarmTransport } from '@omnipaw/swarm';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { expect } from 'vitest';
import { entriesOf } from '../support.js';
import { LossyWires, NO_TROUBLE, type Trouble } from '../../sim/lossy-wires.js';

type Cast = Pick<KernelConfig, 'agents' | 'tools' | 'maxMailboxMessages' | 'maxValueBytes'>;

export interface Node {
  readonly kernel: OmniKernel;
  readonly node: SwarmNode;
  readonly log: MemoryLogStore;
  readonly cast: Cast;
  readonly tools: readonly Tool[];
}

export interface NodeOptions extends Cast {
  readonly name: string;
  readonly log?: MemoryLogStore;
  /** Before anybody can write to it. */
  readonly onBoot?: (kernel: OmniKernel) => void;
  /** Instead of the wires. */
  readonly transport?: SwarmTransport;
}

export class Cluster {
  readonly time: VirtualTime;
  readonly wires: LossyWires;
  readonly #names: readonly string[];

  constructor(names: readonly string[], { seed = 'virtual', trouble = NO_TROUBLE, patienceMs }: { readonly seed?: string; readonly trouble?: Trouble; readonly patienceMs?: number } = {}) {
    this.time = new VirtualTime({ seed });
    this.wires = new LossyWires(this.time, trouble, patienceMs);
    this.#names = names;
  }

  async boot({ name, log = new MemoryLogStore(), onBoot, transport = this.wires.transport(), ...cast }: NodeOptions): Promise<Node> {
    const extension = swarm();
    const node = swarmNode({ node: name, peers: this.#names.filter((other) => other !== name), transport, extension });
    const tools = [...node.tools, ...(cast.tools ?? [])];
    const kernel = await this.time.until(createKernel({ ...cast, tools, log, extensions: [extension] }, { ports: this.time.ports }));
    onBoot?.(kernel);
    await node.attach(kernel);
    return { kernel, node, log, cast, tools };
  }

  /** Stops the kernels, and answers their entries; each log is whole, and comes to the same when it is run again. */
  async finish(...nodes: readonly Node[]): Promise<readonly Entry[][]> {
    const all: Entry[][] = [];
    for (const { kernel, node, log, cast, tools } of nodes) {
      await this.time.until(kernel.stop());
      await node.close();
      expect((await verify(log)).integrity).toEqual('INTACT');
      await assertReplays(log, { agents: cast.agents ?? [], tools, extensions: [swarm()] });
      all.push(await entriesOf(log));
    }
    return all;
  }
}
