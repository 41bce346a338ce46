import type { ToolRun } from './run.js';

/** The runs of each agent, from intent to outcome. */
export class RunTable {
  readonly #runs = new Map<string, ToolRun[]>();
  /** Those that a tool asked for; as a rule there are none, and then nobody has to look. */
  readonly #asked = new Set<ToolRun>();

  add(run: ToolRun): void {
    if (run.asker !== undefined) this.#asked.add(run);
    const runs = this.#runs.get(run.agent);
    if (runs === undefined) this.#runs.set(run.agent, [run]);
    else runs.push(run);
  }

  has(run: ToolRun): boolean {
    return this.#runs.get(run.agent)?.includes(run) ?? false;
  }

  find(agent: string, tick: number, call: number): ToolRun | undefined {
    return this.#runs.get(agent)?.find((run) => run.tick === tick && run.call === call);
  }

  delete(run: ToolRun): void {
    const runs = this.#runs.get(run.agent);
    const index = runs?.indexOf(run) ?? -1;
    if (runs === undefined || index < 0) return;
    runs.splice(index, 1);
    this.#asked.delete(run);
    // Millions of agents may come and go; what is left of each adds up.
    if (runs.length === 0) this.#runs.delete(run.agent);
  }

  /** Takes out all runs of an agent. */
  take(agent: string): readonly ToolRun[] {
    const runs = this.#runs.get(agent) ?? [];
    this.#runs.delete(agent);
    for (const run of runs) this.#asked.delete(run);
    return runs;
  }

  /** What the tool of a call has asked for. */
  askedBy({ agent, tick, call }: ToolRun): readonly ToolRun[] {
    if (this.#asked.size === 0) return [];
    return [...this.#asked].filter((run) => run.agent === agent && run.tick === tick && run.asker === call);
  }

  agents(): readonly string[] {
    return [...this.#runs.keys()];
  }

  some(is: (run: ToolRun) => boolean): boolean {
    for (const runs of this.#runs.values()) if (runs.some(is)) return true;
    return false;
  }
}
