/** What each part of the swarm is doing, in words: a fold over the log, like all other state. */
import type { Entry, Json } from '@omnipaw/kernel';
import { SwarmAccounts } from '@omnipaw/swarm';
import type { VoteReport } from '../agents/chair.js';
import type { PatchingReport } from '../agents/patching.js';
import type { PlanReport } from '../agents/planner.js';
import type { ReadReport } from '../agents/read-report.js';
import type { WriteReport } from '../agents/writer.js';
import { count } from '../plan/register.js';

export type RowState = 'works' | 'done' | 'failed';

export interface Row {
  readonly name: string;
  readonly state: RowState;
  readonly text: string;
}

/** The agents that have a row: the coordinator and those that it delegates to, by type. */
const NAMES: Readonly<Record<string, string>> = {
  coordinator: 'coordinator', 'reading.coordinator': 'readers', planner: 'planner', 'patching.coordinator': 'patchers', chair: 'jury', writer: 'writer',
};

export class Progress {
  readonly #rows = new Map<string, Row>();
  /** How many members each swarm has had. */
  readonly #members = new Map<string, number>();
  readonly #accounts: SwarmAccounts;
  #changed: Row | undefined;

  constructor() {
    this.#accounts = new SwarmAccounts(({ swarm, done, total }) => {
      const members = count(this.#members.get(swarm) ?? 0, 'agent');
      // Members end after the swarm has.
      if (this.#rows.get(swarm)?.state === 'works' && done > 0) this.#set(swarm, { text: `${members}, ${done.toLocaleString('en')} of ${total === null ? 'many' : count(total, 'task')} done` });
    });
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  /** Takes an entry in; answers the row that it changed. */
  apply(entry: Entry): Row | undefined {
    this.#changed = undefined;
    this.#accounts.apply(entry);
    const { agent } = entry;
    if (agent === null) return this.#changed;
    switch (entry.kind) {
      case 'AGENT_SPAWNED':
        this.#begin(agent, entry.data);
        break;
      case 'JOIN_STARTED':
        if (agent.startsWith('coordinator')) this.#set(agent, { text: `waits for ${this.#rows.get(entry.data.child)?.name ?? entry.data.child}` });
        break;
      case 'AGENT_COMPLETED':
        this.#set(agent, { state: 'done', text: resultText(this.#rows.get(agent)?.name ?? '', entry.data.result) });
        break;
      case 'AGENT_FAULTED':
        this.#set(agent, { state: 'failed', text: entry.data.error.message });
        break;
      default:
    }
    return this.#changed;
  }

  #begin(agent: string, { type, parent }: { readonly type: string; readonly parent: string | null }): void {
    const name = Object.hasOwn(NAMES, type) ? NAMES[type] : undefined;
    if (name !== undefined) this.#rows.set(agent, (this.#changed = { name, state: 'works', text: '' }));
    if (parent !== null) this.#members.set(parent, (this.#members.get(parent) ?? 0) + 1);
  }

  #set(agent: string, change: Partial<Row>): void {
    const row = this.#rows.get(agent);
    if (row !== undefined) this.#rows.set(agent, (this.#changed = { ...row, ...change }));
  }
}

const LANGUAGES_SHOWN = 4;

function resultText(name: string, result: Json): string {
  switch (name) {
    case 'readers':
      return readText(result as unknown as ReadReport);
    case 'planner': {
      const { items, areas, edits, fixes } = result as unknown as PlanReport;
      if (items + fixes === 0) return 'nothing to plan';
      return `ranked ${count(items, 'comment')} in ${count(areas.length, 'area')}; ${edits.toLocaleString('en')} without an id; ${count(fixes, 'fix')}`.replace(/fixs$/, 'fixes');
    }
    case 'patchers': {
      const { files } = result as unknown as PatchingReport;
      return files === 0 ? 'nothing to change' : `changed ${count(files, 'file')}, each a patch to vote on`;
    }
    case 'jury': {
      const { accepted, rejected } = result as unknown as VoteReport;
      return accepted + rejected === 0 ? 'nothing to vote on' : `accepted ${count(accepted, 'patch').replace(/patchs$/, 'patches')}, rejected ${rejected.toLocaleString('en')}`;
    }
    case 'writer':
      return (result as unknown as WriteReport).patchBytes === 0 ? 'wrote the register' : 'wrote patch and register';
    default:
      return 'all have reported';
  }
}

function readText({ filesRead, findings, filesWithFindings, languages }: ReadReport): string {
  const shown = Object.entries(languages).slice(0, LANGUAGES_SHOWN).map(([language, files]) => `${files.toLocaleString('en')} ${language}`);
  const more = Object.keys(languages).length > LANGUAGES_SHOWN ? ', …' : '';
  const found = findings === 0 ? 'nothing in' : `${count(findings, 'comment')} in ${filesWithFindings.toLocaleString('en')} of`;
  return `found ${found} ${count(filesRead, 'file')}${shown.length === 0 ? '' : ` (${shown.join(', ')}${more})`}`;
}
