/** `omnipaw replay`: every tick of a log run again, without touching a tool, and compared with what the log says. */
import { FileLogReader, isContradicted, readEntries, replay as replayLog, type ReplayReport, type Tool } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import { withPlugins } from '../plugins/load-plugins.js';
import { changedPlugins, isOfPlugin, originsIn } from '../plugins/origins.js';
import { asUsage } from '../run/boot.js';
import { definitionsIn, type Definitions } from '../run/definitions.js';
import { diverted } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import type { Session } from '../session.js';
import { whatContradicts } from '../verify/verdict-text.js';
import { replayLines, type PluginChanges } from './replay-text.js';

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
  const { report, plugins } = await diverted(host, async () => {
    const own = definitionsIn(await loadProgram(file));
    return withPlugins({ own, options, session, mode: 'REPLAY' }, async ({ definitions }) => {
      const report = await rerun(definitions, options, session).catch(async (thrown: unknown) => { throw await asUsage(thrown, { file, log: options.log }, definitions); });
      return { report, plugins: await pluginsOf(report, options.log, definitions.tools) };
    });
  });
  if (options.json === true) await out.json(report);
  else for (const line of replayLines(report, plugins, { ink: out.ink, width: out.width })) await out.line(line);
  const { divergence } = report;
  const errors = [...whatContradicts(report, options), ...(divergence === undefined ? [] : [`REPLAY_DIVERGENCE: ${divergence.message}`])];
  for (const line of errors) await people.line(`${people.ink('red', 'error:')} ${line}`);
  return report.replay === 'REPRODUCED' && !isContradicted(report) ? EXIT.ok : EXIT.failed;
}

/** Which of the changes are those of plugins; the log is read up to its damage, if it has one. */
async function pluginsOf({ changed, entries }: ReplayReport, log: string, tools: readonly Tool[]): Promise<PluginChanges> {
  const recorded: (readonly [tool: string, origin: unknown])[] = [];
  if (changed.some(({ what }) => what === 'tool')) {
    for await (const entry of readEntries(new FileLogReader(log))) {
      recorded.push(...originsIn(entry));
      if (entry.busSeq + 1 >= entries) break;
    }
  }
  const present = tools.map(({ name, origin }) => [name, origin] as const);
  const theirs = [...recorded, ...present].filter(([, origin]) => isOfPlugin(origin)).map(([name]) => name);
  return { tools: new Set(theirs), changed: changedPlugins(recorded.map(([, origin]) => origin), tools) };
}

function rerun({ agents, tools, extensions }: Definitions, { log, pin }: ReplayOptions, session: Session): Promise<ReplayReport> {
  const reading = { log, reader: new FileLogReader(log), doing: 'Replaying' };
  return withProgress(reading, session, (reader) => replayLog(reader, { agents, tools, extensions, ...(pin === undefined ? {} : { pin }) }));
}
