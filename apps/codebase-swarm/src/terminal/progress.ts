/** What each agent is doing, in words: a fold over the log, like all other state. */
import type { Entry, Json } from '@omnipaw/kernel';
import type { PatchReport, PatcherMemory } from '../agents/patcher.js';
import type { PlanReport } from '../agents/planner.js';
import type { ReadReport, ReaderMemory } from '../agents/reader.js';
import { count } from '../plan/register.js';

export type RowState = 'works' | 'done' | 'failed';

export interface Row {
  readonly type: string;
  readonly state: RowState;
  readonly text: string;
}

export class Progress {
  readonly #rows = new Map<string, Row>();

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  /** Takes an entry in; answers the row that it changed. */
  apply(entry: Entry): Row | undefined {
    const { agent } = entry;
    if (agent === null) return undefined;
    const known = this.#rows.get(agent);
    const changed = entry.kind === 'AGENT_SPAWNED' ? { type: entry.data.type, state: 'works' as const, text: '' } : next(known, entry);
    if (changed !== undefined) this.#rows.set(agent, changed);
    return changed;
  }
}

const CALLS = 'calls ';

function next(row: Row | undefined, entry: Entry): Row | undefined {
  if (row === undefined) return undefined;
  switch (entry.kind) {
    case 'JOIN_STARTED':
      return { ...row, text: `waits for ${entry.data.child}` };
    case 'TOOL_CALLED':
      // Until there is progress to tell.
      return row.text === '' || row.text.startsWith(CALLS) ? { ...row, text: CALLS + entry.data.tool } : undefined;
    case 'MEMORY_SET':
      return entry.data.key === 'progress' ? { ...row, text: progressText(row.type, entry.data.value) } : undefined;
    case 'AGENT_COMPLETED':
      return { ...row, state: 'done', text: resultText(row.type, entry.data.result) };
    case 'AGENT_FAULTED':
      return { ...row, state: 'failed', text: entry.data.error.message };
    default:
      return undefined;
  }
}

function progressText(type: string, value: Json): string {
  if (type === 'reader') {
    const { done, total, findings } = value as unknown as ReaderMemory['progress'];
    return `${done.toLocaleString('en')} of ${count(total, 'file')}, ${count(findings, 'comment')} found`;
  }
  const { done, total, edits } = value as unknown as PatcherMemory['progress'];
  return `${done.toLocaleString('en')} of ${count(total, 'file')}, ${count(edits, 'comment')} tagged`;
}

const LANGUAGES_SHOWN = 4;

function resultText(type: string, result: Json): string {
  switch (type) {
    case 'reader':
      return readText(result as unknown as ReadReport);
    case 'planner': {
      const { items, areas, edits } = result as unknown as PlanReport;
      return items === 0 ? 'nothing to rank' : `ranked ${count(items, 'comment')} in ${count(areas.length, 'area')}; ${edits.toLocaleString('en')} without an id`;
    }
    case 'patcher': {
      const { edits, files } = result as unknown as PatchReport;
      return edits === 0 ? 'nothing to patch; wrote the register' : `tagged ${count(edits, 'comment')} in ${count(files, 'file')}; wrote patch and register`;
    }
    default:
      return 'all three have reported';
  }
}

function readText({ filesRead, findings, filesWithFindings, languages }: ReadReport): string {
  const shown = Object.entries(languages).slice(0, LANGUAGES_SHOWN).map(([language, files]) => `${files.toLocaleString('en')} ${language}`);
  const more = Object.keys(languages).length > LANGUAGES_SHOWN ? ', …' : '';
  const found = findings === 0 ? 'nothing in' : `${count(findings, 'comment')} in ${filesWithFindings.toLocaleString('en')} of`;
  return `found ${found} ${count(filesRead, 'file')}${shown.length === 0 ? '' : ` (${shown.join(', ')}${more})`}`;
}
