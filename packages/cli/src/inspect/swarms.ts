/** `omnipaw inspect --swarm`: who did what in the swarms of a log. */
import type { MemberAccount, SwarmAccount } from '@omnipaw/swarm';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Ink } from '../terminal/ink.js';
import { cellText, count } from '../terminal/printable.js';
import { entriesUpTo, swarmLibrary } from './swarm-library.js';

export interface SwarmsOptions {
  readonly log: string;
  readonly at?: number;
  readonly json?: boolean;
}

export async function inspectSwarms({ log, at, json }: SwarmsOptions, { out }: Session): Promise<number> {
  const { swarmAccount } = await swarmLibrary();
  const accounts = await swarmAccount(entriesUpTo(log, at));
  if (json === true) await out.json(accounts);
  else if (accounts.length === 0) await out.line('There is no swarm in the log.');
  else for (const [index, account] of accounts.entries()) for (const line of [...(index === 0 ? [] : ['']), ...accountLines(account, out)]) await out.line(line);
  return EXIT.ok;
}

const HEADINGS = ['AGENT', 'SLOT', 'STATE', 'TASKS DONE', 'ATTEMPTS', 'MESSAGES', 'TICKS', 'CALLS'];

function accountLines(account: SwarmAccount, { ink, width }: { readonly ink: Ink; readonly width: number | undefined }): string[] {
  const { swarm, strategy, members } = account;
  const headings = HEADINGS.map((text): Cell => ({ text, paint: (text) => ink('dim', text) }));
  return [
    `${ink('bold', cellText(swarm))}${strategy === null ? '' : ` ${cellText(strategy)}`}: ${stateText(account)}`,
    ...factsOf(account).map((fact) => `  ${fact}`),
    '',
    ...alignColumns([headings, ...members.map((member) => memberRow(member, ink))], width),
  ];
}

function factsOf({ tasks, undone, restarts, elections, messages }: SwarmAccount): string[] {
  const of = tasks.total === null ? '' : ` of ${String(tasks.total)}`;
  const topics = Object.entries(messages).map(([topic, number]) => `${cellText(topic)} ${String(number)}`);
  return [
    `tasks: ${String(tasks.done)}${of} done in ${count(tasks.attempts, 'attempt')}, ${String(tasks.failedAttempts)} failed; ${count(restarts, 'restart')}, ${count(elections, 'election')}`,
    ...(topics.length === 0 ? [] : [`messages: ${topics.join(', ')}`]),
    ...undone.slice(0, 10).map(({ task, attempts, error }) => `not done: ${cellText(task)} after ${count(attempts, 'attempt')}${error === null ? '' : `, ${cellText(error.code)}`}`),
    ...(undone.length > 10 ? [`and ${String(undone.length - 10)} more that are not done`] : []),
  ];
}

function memberRow(member: MemberAccount, ink: Ink): Cell[] {
  const { agent, slot, state, done, attempts, messagesSent, ticks, toolCalls } = member;
  const colour = state === 'completed' ? 'green' : state === 'running' ? 'yellow' : state === 'failed' ? 'red' : 'dim';
  const numbers = [done, attempts, messagesSent, ticks, toolCalls];
  return [{ text: agent }, { text: slot }, { text: stateText(member), paint: (text) => ink(colour, text) }, ...numbers.map((number) => ({ text: number === 0 ? '–' : String(number) }))];
}

function stateText({ state, error }: Pick<MemberAccount, 'state' | 'error'>): string {
  return state !== 'failed' || error === null ? state : `${state}: ${cellText(error.code)}`;
}
