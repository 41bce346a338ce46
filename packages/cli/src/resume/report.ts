/** What is said when agents that were taken up again have ended: results to standard output, everything else to people. */
import path from 'node:path';
import { leftLines, type ResumeCommand } from '../calls/left-lines.js';
import { describeWithCause, explainFailure, failureRecord } from '../failure.js';
import { resultText } from '../run/report.js';
import type { Session } from '../session.js';
import { count, jsonLine, listText, shellWord } from '../terminal/printable.js';
import { isStopped, type AgentEnd, type GoOnReport } from './go-on.js';
import type { Left } from './left.js';

export interface Audience extends Session, ResumeCommand {
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

/** Of a log in which nobody is left: what it has of how they ended. */
export async function reportNothingLeft(left: Left, audience: Audience): Promise<void> {
  const { out, people, json, log, isVerbose } = audience;
  if (json) await out.json(recordOf({ ...left, stoppedBy: undefined, cutOff: [] }, audience));
  else for (const line of resultLines(left)) await out.result(line);
  const who = left.all.length === 0 ? 'Every agent' : listText(left.ends.map(({ agent }) => agent));
  await people.line(`${who} in ${log} has ended: there is nothing to resume.`);
  for (const end of left.ends) for (const line of failureLines(end, people.ink('red', 'error:'), isVerbose)) await people.line(line);
}

export function hasSucceeded({ ends }: Pick<GoOnReport, 'ends'>): boolean {
  return ends.every(({ outcome }) => outcome.ok);
}

/** The one object that scripts get. */
function recordOf(report: Pick<GoOnReport, 'ends' | 'stoppedBy' | 'cutOff' | 'head' | 'entries'>, { log, more }: Audience): object {
  const { ends, stoppedBy, cutOff, head, entries } = report;
  return {
    ok: hasSucceeded(report),
    agents: ends.map(({ agent, outcome }) => ({ agent, ok: outcome.ok, ...(outcome.ok ? { result: outcome.result } : { error: failureRecord(outcome.error) }) })),
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
    ...(cutOff.length === 0 ? {} : { cutOff }),
    log: path.resolve(log),
    head,
    entries,
    ...more,
  };
}

/** One result as `run` prints it; of several, a line each, with the agent's name in front. */
function resultLines({ ends }: Pick<GoOnReport, 'ends'>): string[] {
  const results = ends.flatMap(({ agent, outcome }) => (outcome.ok ? [{ agent, result: outcome.result }] : []));
  if (ends.length > 1) return results.map(({ agent, result }) => `${agent} ${jsonLine(result)}`);
  return results.map(({ result }) => resultText(result));
}

function summary(report: GoOnReport, audience: Audience): string[] {
  const { people: { ink }, log, isVerbose, entriesBefore } = audience;
  const { ends, stoppedBy, head, entries, elapsedText } = report;
  const facts = `${count(entries - entriesBefore, 'new entry', 'new entries')}, ${entries} in ${log}`;
  const directory = shellWord(log);
  const failed = ends.filter(({ outcome }) => !outcome.ok && !isStopped(outcome));
  const failures = failed.flatMap((end) => failureLines(end, ink('red', 'error:'), isVerbose));
  if (stoppedBy !== undefined) return [`${ink('yellow', '■')} Stopped by ${stoppedBy} after ${elapsedText}: ${facts}.`, ...failures, ...leftLines(report, audience)];
  const completed = ends.filter(({ outcome }) => outcome.ok).map(({ agent }) => agent);
  if (failed.length === 0) {
    return [
      `${ink('green', '✓')} ${listText(completed)} completed in ${elapsedText}: ${facts}.`,
      ...leftLines(report, audience),
      `  Prove later that nothing was changed: omnipaw verify --log ${directory} --pin ${head}`,
    ];
  }
  return [
    `${ink('red', '✗')} ${listText(failed.map(({ agent }) => agent))} failed after ${elapsedText}: ${facts}.`,
    ...failures,
    ...leftLines(report, audience),
    `  See what happened: omnipaw tail --log ${directory}`,
  ];
}

function failureLines({ agent, outcome }: AgentEnd, prefix: string, isVerbose: boolean): string[] {
  if (outcome.ok) return [];
  return [`${prefix} ${agent}: ${describeWithCause(outcome.error)}`, ...(isVerbose ? [explainFailure(outcome.error)] : [])];
}
