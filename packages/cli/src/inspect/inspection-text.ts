/** The state at a point of a log, for people: a table that is also the delegation tree, then what each agent holds. */
import type { AgentSnapshot, Inspection, LifecycleState } from '@omnipaw/kernel';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { cellText, timeText } from '../terminal/printable.js';
import { grantText, holdingsOf, sharedHoldings, type Holding } from './holdings.js';
import { treeOrder, type Branch } from './tree.js';

export interface TextOptions {
  /** The log's directory as the user named it. */
  readonly log: string;
  readonly ink: Ink;
  /** Columns of the terminal, if it is one. */
  readonly width: number | undefined;
  /** Values as long as they are. */
  readonly isWhole: boolean;
}

/** Where no terminal limits a value. */
const VALUE_LINE_LENGTH = 200;

export function inspectionLines(inspection: Inspection, options: TextOptions): string[] {
  const { log, ink, width } = options;
  const { agents, busSeq, time, head } = inspection;
  return [
    `${ink('bold', log)} at entry ${busSeq}, ${timeText(time)}`,
    `head ${head}`,
    '',
    ...(agents.length === 0 ? ['There is no agent yet.'] : alignColumns(tableRows(agents, ink), width)),
    ...agents.flatMap((agent) => section(agent.id, holdingsOf(agent), options)),
    ...section('shared memory', sharedHoldings(inspection), options),
  ];
}

const HEADINGS = ['AGENT', 'TYPE', 'STATE', 'MEMORY', 'MAIL', 'WAITS FOR', 'GRANTS'];

function tableRows(agents: readonly AgentSnapshot[], ink: Ink): Cell[][] {
  const headings = HEADINGS.map((text) => ({ text, paint: (text: string) => ink('dim', text) }));
  return [headings, ...treeOrder(agents).map((branch) => tableRow(branch, ink))];
}

function tableRow({ agent, prefix }: Branch, ink: Ink): Cell[] {
  const { id, type, state, isRevoked, memory, mailboxSize, waitingFor, token } = agent;
  const waits = waitingFor.map(({ kind, since, deadline }) => `${kind.toLowerCase()} since ${since}${deadline === undefined ? '' : ` until ${timeText(deadline)}`}`);
  return [
    { text: prefix + id },
    { text: type },
    { text: isRevoked ? `${state} revoked` : state, paint: (text) => ink(colourOf(agent), text) },
    { text: textOfCount(Object.keys(memory).length) },
    { text: textOfCount(mailboxSize) },
    { text: waits.length === 0 ? '–' : waits.join(', ') },
    { text: token.grants.length === 0 ? '–' : token.grants.map(grantText).join(', ') },
  ];
}

function textOfCount(number: number): string {
  return number === 0 ? '–' : String(number);
}

const COLOURS: Readonly<Partial<Record<LifecycleState, Colour>>> = {
  ACTIVE: 'cyan',
  WAITING: 'yellow',
  RESUMABLE: 'yellow',
  FAULTED: 'red',
  RECOVERING: 'yellow',
};

function colourOf({ state, outcome }: AgentSnapshot): Colour {
  if (state !== 'TERMINATED') return COLOURS[state] ?? 'blue';
  return outcome?.ok === true ? 'green' : 'red';
}

function section(title: string, holdings: readonly Holding[], { ink, width, isWhole }: TextOptions): string[] {
  if (holdings.length === 0) return [];
  const rows = holdings.map(({ what, name, text }) => [{ text: `  ${what}`, paint: (what: string) => ink('dim', what) }, { text: name }, { text }]);
  return ['', ink('bold', cellText(title)), ...alignColumns(rows, isWhole ? Infinity : (width ?? VALUE_LINE_LENGTH))];
}
