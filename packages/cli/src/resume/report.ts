/** What is said when agents that were taken up again have ended: results to standard output, everything else to people. */
import path from 'node:path';
import { describeWithCause, explainFailure, failureRecord } from '../failure.js';
import { resultText } from '../run/report.js';
import type { Session } from '../session.js';
import { count, jsonLine, shellWord } from '../terminal/printable.js';
import { isStopped, type AgentEnd, type GoOnReport } from './go-on.js';

export interface Audience extends Session {
  /** The log's directory as the user named it. */
  readonly log: string;
  readonly json: boolean;
  readonly isVerbose: boolean;
  /** How many entries there were before. */
  readonly entriesBefore: number;
  /** What else scripts are told. */
  readonly more: object;
}

export async function reportGoOn(report: GoOnReport, audience: Audience): Promise<void> {
  const { out, people, json } = audience;
  if (json) await out.json(recordOf(report, audience));
  else for (const line of resultLines(report)) await out.result(line);
  for (const line of summary(report, audience)) await people.line(line);
}

export function hasSucceeded({ ends }: GoOnReport): boolean {
  return ends.every(({ outcome }) => outcome.ok);
}

/** The one object that scripts get. */
function recordOf(report: GoOnReport, { log, more }: Audience): object {
  const { ends, stoppedBy, head, entries } = report;
  return {
    ok: hasSucceeded(report),
    agents: ends.map(({ agent, outcome }) => ({ agent, ok: outcome.ok, ...(outcome.ok ? { result: outcome.result } : { error: failureRecord(outcome.error) }) })),
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
    log: path.resolve(log),
    head,
    entries,
    ...more,
  };
}

/** One result as `run` prints it; of several, a line each, with the agent's name in front. */
function resultLines({ ends }: GoOnReport): string[] {
  const results = ends.flatMap(({ agent, outcome }) => (outcome.ok ? [{ agent, result: outcome.result }] : []));
  if (ends.length > 1) return results.map(({ agent, result }) => `${agent} ${jsonLine(result)}`);
  return results.map(({ result }) => resultText(result));
}

function summary(report: GoOnReport, { people: { ink }, log, isVerbose, entriesBefore }: Audience): string[] {
  const { ends, stoppedBy, head, entries, elapsedText } = report;
  const facts = `${count(entries - entriesBefore, 'new entry', 'new entries')}, ${entries} in ${log}`;
  const directory = shellWord(log);
  if (stoppedBy !== undefined) {
    const left = ends.filter(({ outcome }) => isStopped(outcome)).map(({ agent }) => agent);
    return [`${ink('yellow', '■')} Stopped by ${stoppedBy} after ${elapsedText}: ${facts}.`, `  Not ended: ${listText(left)}.`];
  }
  const failed = ends.filter(({ outcome }) => !outcome.ok);
  const completed = ends.filter(({ outcome }) => outcome.ok).map(({ agent }) => agent);
  if (failed.length === 0) {
    return [
      `${ink('green', '✓')} ${listText(completed)} completed in ${elapsedText}: ${facts}.`,
      `  Prove later that nothing was changed: omnipaw verify --log ${directory} --pin ${head}`,
    ];
  }
  return [
    `${ink('red', '✗')} ${listText(failed.map(({ agent }) => agent))} failed after ${elapsedText}: ${facts}.`,
    ...failed.flatMap((end) => failureLines(end, ink('red', 'error:'), isVerbose)),
    `  See what happened: omnipaw tail --log ${directory}`,
  ];
}

function failureLines({ agent, outcome }: AgentEnd, prefix: string, isVerbose: boolean): string[] {
  if (outcome.ok) return [];
  return [`${prefix} ${agent}: ${describeWithCause(outcome.error)}`, ...(isVerbose ? [explainFailure(outcome.error)] : [])];
}

/** The first five, and that there are more. */
export function listText(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, … (${names.length})` : ''}`;
}
