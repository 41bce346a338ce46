/** `omnipaw replay`: every tick of a log run again, without touching a tool, and compared with what the log says. */
import { FileLogReader, isContradicted, OmniError, replay as replayLog, type ReplayReport } from '@omnipaw/kernel';
import { EXIT, UsageError } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { Interrupted, withProgress } from '../log-progress.js';
import { definitionsIn, type Definitions } from '../run/definitions.js';
import { divert } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL } from '../signals.js';
import { replayLines } from './replay-text.js';

export interface ReplayOptions {
  readonly log: string;
  readonly pin?: string;
  readonly json?: boolean;
}

export async function replay(file: string, options: ReplayOptions, session: Session): Promise<number> {
  const { host, out, people } = session;
  assertLogDirectory(options.log);
  const giveBack = divert(host.stdout, host.stderr);
  let report: ReplayReport;
  try {
    report = await rerun(definitionsIn(await loadProgram(file)), options, session);
  } catch (thrown) {
    if (thrown instanceof Interrupted) return EXIT_AFTER_SIGNAL[thrown.signal];
    throw asUsage(thrown, file);
  } finally {
    giveBack();
  }
  if (options.json === true) await out.json(report);
  else for (const line of replayLines(report, { ink: out.ink, width: out.width })) await out.line(line);
  if (report.divergence !== undefined) await people.line(`${people.ink('red', 'error:')} REPLAY_DIVERGENCE: ${report.divergence.message}`);
  return report.replay === 'REPRODUCED' && !isContradicted(report) ? EXIT.ok : EXIT.failed;
}

function rerun({ agents, tools, extensions }: Definitions, { log, pin }: ReplayOptions, session: Session): Promise<ReplayReport> {
  const reading = { log, reader: new FileLogReader(log), doing: 'Replaying' };
  return withProgress(reading, session, (reader) => replayLog(reader, { agents, tools, extensions, ...(pin === undefined ? {} : { pin }) }));
}

const MISSING: ReadonlySet<string> = new Set(['AGENT_TYPE_NOT_REGISTERED', 'TOOL_NOT_REGISTERED']);

/** What the log uses and the program does not export: another program was meant, or its exports are incomplete. */
function asUsage(thrown: unknown, file: string): unknown {
  if (!(thrown instanceof OmniError) || !MISSING.has(thrown.code)) return thrown;
  return new UsageError(`${thrown.code}: ${thrown.message} The log uses it, and ${file} does not export it.`);
}
