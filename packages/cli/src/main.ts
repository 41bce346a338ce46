import { CommanderError } from 'commander';
import { ToolEnds } from './calls/tool-ends.js';
import { commandLine, type CommonOptions } from './commands.js';
import { describeFailure, EXIT, exitCodeOf, explainFailure, failureRecord, isVerbose } from './failure.js';
import type { Host } from './host.js';
import { Interrupted } from './log-progress.js';
import type { Session } from './session.js';
import { EXIT_AFTER_SIGNAL } from './signals.js';
import { Output } from './terminal/output.js';

/** Does what the arguments say and resolves with the exit code; rejects never. */
export async function main(host: Host): Promise<number> {
  const session: Session = { host, out: new Output(host.stdout, host.env), people: new Output(host.stderr, host.env), ends: new ToolEnds() };
  let exitCode: number = EXIT.ok;
  const program = commandLine(async (options, command) => {
    exitCode = await guarded(options, command, session);
  }, session);
  try {
    await program.parseAsync([...host.argv], { from: 'user' });
  } catch (thrown) {
    exitCode = thrown instanceof CommanderError ? exitCodeOfParser(thrown) : await reportFailure(thrown, {}, session);
  }
  await session.ends.settled();
  return (await isFlushed(session)) ? exitCode : EXIT.failed;
}

async function guarded(
  options: CommonOptions,
  command: (session: Session) => Promise<number>,
  session: Session,
): Promise<number> {
  try {
    return await command(session);
  } catch (thrown) {
    if (thrown instanceof Interrupted) return EXIT_AFTER_SIGNAL[thrown.signal];
    return await reportFailure(thrown, options, session);
  }
}

/** One clear line to people; and to scripts, unless they called the command wrongly, one object. */
async function reportFailure(thrown: unknown, options: CommonOptions, { host, out, people }: Session): Promise<number> {
  const exitCode = exitCodeOf(thrown);
  await people.line(`${people.ink('red', 'error:')} ${describeFailure(thrown)}`);
  if (isVerbose(options, host)) await people.line(explainFailure(thrown));
  if (options.json === true && exitCode !== EXIT.usage) await out.json({ ok: false, error: failureRecord(thrown) });
  return exitCode;
}

/** The parser has said what is wrong already; a call for help or the version is nothing wrong. */
function exitCodeOfParser({ exitCode }: CommanderError): number {
  return exitCode === 0 ? EXIT.ok : EXIT.usage;
}

async function isFlushed({ out, people }: Session): Promise<boolean> {
  try {
    await out.flush();
  } catch (thrown) {
    await people.line(`${people.ink('red', 'error:')} The output could not be written: ${describeFailure(thrown)}`);
    return false;
  } finally {
    await people.flush().catch(() => undefined);
  }
  return true;
}
