/** `omnipaw resume`: the agents of a log that have not ended, taken up where they were. */
import path from 'node:path';
import { EXIT, isVerbose } from '../failure.js';
import { definitionsIn } from '../run/definitions.js';
import { divert } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import { boot } from '../run/run.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL } from '../signals.js';
import { goOn, type GoOnReport } from './go-on.js';
import { agentsLeftIn, type Left } from './left.js';
import { hasSucceeded, listText, reportGoOn } from './report.js';

export interface ResumeOptions {
  readonly log: string;
  /** The one agent to wait for; all of them unless given. */
  readonly agent?: string;
  /** The file of the private key to sign the log with. */
  readonly sign?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export interface ResumeRequest {
  /** The program. */
  readonly file: string;
  readonly options: ResumeOptions;
  /** What else scripts are told. */
  readonly more: object;
}

export function resume(file: string, options: ResumeOptions, session: Session): Promise<number> {
  return takeUp({ file, options, more: {} }, session);
}

/** Takes up a log with the agents and tools of a program, and resolves with the exit code. */
export async function takeUp({ file, options, more }: ResumeRequest, session: Session): Promise<number> {
  const { host, people } = session;
  const left = await agentsLeftIn(options.log, options.agent);
  if (left.agents.length === 0) return nothingLeft(left, { options, more }, session);
  const audience = { ...session, log: options.log, json: options.json === true, isVerbose: isVerbose(options, host), more, entriesBefore: left.entries };
  const giveBack = divert(host.stdout, host.stderr);
  let report: GoOnReport;
  try {
    const definitions = definitionsIn(await loadProgram(file));
    await people.line(`Resuming ${listText(left.agents.map(({ id, state }) => `${id} ${state}`))}.`);
    const kernel = await boot(definitions, { ...options, recover: true }, session);
    report = await goOn(kernel, left.agents.map(({ id }) => id), session);
  } finally {
    giveBack();
  }
  await reportGoOn(report, audience);
  if (report.stoppedBy !== undefined) return EXIT_AFTER_SIGNAL[report.stoppedBy];
  return hasSucceeded(report) ? EXIT.ok : EXIT.failed;
}

/** No kernel is started, so that the log stays as it is. */
async function nothingLeft(left: Left, { options, more }: Omit<ResumeRequest, 'file'>, { out, people }: Session): Promise<number> {
  const { head, entries } = left;
  if (options.json === true) await out.json({ ok: true, agents: [], log: path.resolve(options.log), head, entries, ...more });
  await people.line(`Every agent in ${options.log} has ended: there is nothing to resume.`);
  return EXIT.ok;
}
