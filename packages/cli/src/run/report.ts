/** What a run says when it is over: the result to standard output, everything else to people. */
import path from 'node:path';
import { leftLines, type LeftOver, type ResumeCommand } from '../calls/left-lines.js';
import { causeOf, describeWithCause, explainFailure, failureRecord } from '../failure.js';
import type { StopSignal } from '../host.js';
import type { Session } from '../session.js';
import { count, shellWord } from '../terminal/printable.js';
import type { RunTally } from './tally.js';

export type RunOutcome = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

export interface RunReport extends LeftOver {
  /** The id of the agent that was run. */
  readonly agent: string;
  /** Whether the user gave an input; without, it was null. */
  readonly hasInput: boolean;
  readonly outcome: RunOutcome;
  /** The signal that ended the run before the agent did. */
  readonly stoppedBy: StopSignal | undefined;
  readonly tally: RunTally;
  readonly head: string;
  readonly entries: number;
  readonly elapsedText: string;
}

interface Audience extends Session, ResumeCommand {
  readonly json: boolean;
  /** Whether a failure is told with its stack and causes. */
  readonly isVerbose: boolean;
}

export async function reportRun(report: RunReport, audience: Audience): Promise<void> {
  const { out, people, json, log } = audience;
  const { outcome } = report;
  if (json) await out.json(runRecord(report, log));
  else if (outcome.ok) await out.result(resultText(outcome.result));
  for (const line of summary(report, audience)) await people.line(line);
}

/** The one object that scripts get. */
function runRecord({ agent, outcome, stoppedBy, cutOff, head, entries }: RunReport, log: string): object {
  return {
    ok: outcome.ok,
    agent,
    ...(outcome.ok ? { result: outcome.result } : { error: failureRecord(outcome.error) }),
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
    ...(cutOff.length === 0 ? {} : { cutOff }),
    log: path.resolve(log),
    head,
    entries,
  };
}

/** Text as it is; anything else as JSON. */
export function resultText(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2);
}

function summary(report: RunReport, audience: Audience): string[] {
  const { people: { ink }, log, isVerbose } = audience;
  const { agent, outcome, stoppedBy, tally, head, entries, elapsedText } = report;
  const facts = `${tally.text}; ${count(entries, 'entry', 'entries')} in ${log}`;
  const directory = shellWord(log);
  if (stoppedBy !== undefined) {
    return [
      `${ink('yellow', '■')} Stopped by ${stoppedBy} after ${elapsedText}: ${facts}.`,
      ...leftLines(report, audience),
      `  See how far it came: omnipaw inspect --log ${directory}`,
    ];
  }
  if (outcome.ok) {
    return [
      `${ink('green', '✓')} ${agent} completed in ${elapsedText}: ${facts}.`,
      `  Prove later that nothing was changed: omnipaw verify --log ${directory} --pin ${head}`,
    ];
  }
  return [
    `${ink('red', '✗')} ${agent} failed after ${elapsedText}: ${facts}.`,
    `${ink('red', 'error:')} ${describeWithCause(outcome.error)}`,
    ...(isVerbose ? [explainFailure(outcome.error)] : []),
    ...inputLines(outcome.error, report),
    ...grantLines(report),
    `  See what happened: omnipaw tail --log ${directory}`,
  ];
}

/** A program that stumbles over its input most often got none. */
function inputLines(error: unknown, { hasInput }: RunReport): string[] {
  return hasInput || causeOf(error) === undefined ? [] : ['  Without --input the input is null.'];
}

/** Which grants were missing, if that is what the run failed for. */
function grantLines({ agent, outcome, tally }: RunReport): string[] {
  const { code } = (outcome.ok ? {} : outcome.error) as { readonly code?: unknown };
  if (!['PERMISSION_DENIED', 'DELEGATION_FAILED', 'PLUGIN_FAILED'].includes(String(code))) return [];
  return tally.missingGrants.map(({ agent: denied, grant }) =>
    denied === agent
      ? `  To allow it: --grant ${shellWord(grant)}`
      : `  To allow it to ${denied}: hand ${grant} on in the delegation, and --grant ${shellWord(grant)}`,
  );
}
