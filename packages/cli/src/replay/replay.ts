/** `omnipaw replay`: every tick of a log run again, without touching a tool, and compared with what the log says. */
import { FileLogReader, isContradicted, replay as replayLog, type ReplayReport } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import { withPlugins } from '../plugins/load-plugins.js';
import { asUsage } from '../run/boot.js';
import { definitionsIn, type Definitions } from '../run/definitions.js';
import { diverted } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import type { Session } from '../session.js';
import { whatContradicts } from '../verify/verdict-text.js';
import { replayLines } from './replay-text.js';

export interface ReplayOptions {
  readonly log: string;
  readonly pin?: string;
  /** Folders that have a folder for each plugin: for those that brought agents along, and to compare with. */
  readonly plugins?: readonly string[];
  readonly json?: boolean;
}

export async function replay(file: string, options: ReplayOptions, session: Session): Promise<number> {
  const { host, out, people } = session;
  assertLogDirectory(options.log);
  const report = await diverted(host, async () => {
    const own = definitionsIn(await loadProgram(file));
    return withPlugins({ own, options, session, mode: 'REPLAY' }, ({ definitions }) =>
      rerun(definitions, options, session).catch(async (thrown: unknown) => { throw await asUsage(thrown, { file, log: options.log }, definitions); }),
    );
  });
  if (options.json === true) await out.json(report);
  else for (const line of replayLines(report, { ink: out.ink, width: out.width })) await out.line(line);
  const { divergence } = report;
  const errors = [...whatContradicts(report, options), ...(divergence === undefined ? [] : [`REPLAY_DIVERGENCE: ${divergence.message}`])];
  for (const line of errors) await people.line(`${people.ink('red', 'error:')} ${line}`);
  return report.replay === 'REPRODUCED' && !isContradicted(report) ? EXIT.ok : EXIT.failed;
}

function rerun({ agents, tools, extensions }: Definitions, { log, pin }: ReplayOptions, session: Session): Promise<ReplayReport> {
  const reading = { log, reader: new FileLogReader(log), doing: 'Replaying' };
  return withProgress(reading, session, (reader) => replayLog(reader, { agents, tools, extensions, ...(pin === undefined ? {} : { pin }) }));
}
