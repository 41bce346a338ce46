/** `omnipaw what-if`: what a log would have met under other policies, grants and guards. */
import { FileLogReader, whatIf as askAgain, type WhatIfReport } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { diverted } from '../run/divert.js';
import { loadProgram } from '../run/load-program.js';
import type { Session } from '../session.js';
import { LiveLine } from '../terminal/live-line.js';
import { count } from '../terminal/printable.js';
import { changesIn, type ChangeOptions, type Changes } from './changes.js';
import { reportLines } from './report-text.js';

export interface WhatIfOptions extends ChangeOptions {
  readonly log: string;
  readonly json?: boolean;
}

export async function whatIf(file: string | undefined, options: WhatIfOptions, session: Session): Promise<number> {
  const { host, out } = session;
  assertLogDirectory(options.log);
  const report = await diverted(host, async () => {
    const changes = changesIn(options, file === undefined ? {} : await loadProgram(file));
    return watched(options.log, changes, session);
  });
  if (options.json === true) await out.json(report);
  else for (const line of reportLines(report, { ink: out.ink, width: out.width })) await out.line(line);
  // A warning lets pass.
  return report.findings.every(({ effect }) => effect === 'WARN') ? EXIT.ok : EXIT.failed;
}

async function watched(log: string, changes: Changes, { host }: Session): Promise<WhatIfReport> {
  let read = 0;
  const live = new LiveLine(host.stderr, () => `Asking again: ${count(read, 'entry', 'entries')}`);
  try {
    return await askAgain(new FileLogReader(log), { ...changes, onProgress: (entries) => { read = entries; } });
  } finally {
    live.stop();
  }
}
