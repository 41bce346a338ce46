import { OmniError } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { cellText } from '../terminal/printable.js';
import { examinedRecord, problemLines } from './examine.js';
import type { PluginLibrary } from './library.js';

export interface Reported {
  readonly folder: string;
  readonly json: boolean;
  readonly library: PluginLibrary;
  readonly session: Session;
}

/** Does something with a plugin; what is wrong with the plugin is told as `validate` tells it, with the place of each problem. */
export async function orReport({ folder, json, library, session: { out } }: Reported, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof OmniError) || !thrown.code.startsWith('PLUGIN_')) throw thrown;
    const failed = { folder, manifest: undefined, error: thrown };
    if (json) await out.json(examinedRecord(failed));
    else {
      await out.line(`${out.ink('red', '✗')} ${cellText(folder)}`);
      for (const line of problemLines(failed, library.MANIFEST_FILE)) await out.line(line);
    }
    return EXIT.failed;
  }
}
