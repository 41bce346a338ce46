/** `omnipaw plugins validate`: whether folders are plugins as they should be. */
import { OmniError } from '@omnipaw/kernel';
import { EXIT, UsageError } from '../failure.js';
import type { Session } from '../session.js';
import { cellText, count } from '../terminal/printable.js';
import { codeProblemsOf, examine, examinedRecord, problemLines, type Examined } from './examine.js';
import { pluginLibrary, type PluginLibrary } from './library.js';

export interface ValidateOptions {
  readonly json?: boolean;
}

export async function validatePlugins(folders: readonly string[], { json }: ValidateOptions, { out }: Session): Promise<number> {
  const library = await pluginLibrary();
  const examined: Examined[] = [];
  let missing: UsageError | undefined;
  for (const folder of folders) {
    try {
      examined.push(await withCode(await examine(folder, library), library));
    } catch (thrown) {
      // For people, the others are judged all the same; scripts get one object.
      if (!(thrown instanceof UsageError) || json === true) throw thrown;
      missing ??= thrown;
    }
  }
  const isGood = examined.every(({ error }) => error === undefined);
  if (json === true) await out.json({ ok: isGood, plugins: examined.map(examinedRecord) });
  else {
    for (const one of examined) {
      await out.line(verdictLine(one, out.ink));
      for (const line of problemLines(one, library.MANIFEST_FILE)) await out.line(line);
    }
  }
  if (missing !== undefined) throw missing;
  return isGood ? EXIT.ok : EXIT.failed;
}

/** What is wrong with its code, too, if nothing else is. */
async function withCode(one: Examined, { codeProblems }: PluginLibrary): Promise<Examined> {
  if (one.error !== undefined || one.manifest === undefined) return one;
  const errors = await codeProblems(one.folder, one.manifest);
  const [first] = errors;
  if (first === undefined || errors.length === 1) return { ...one, error: first };
  const details = { folder: one.folder, problems: errors.flatMap(codeProblemsOf) };
  return { ...one, error: new OmniError(first.code, errors.map(({ message }) => message).join('\n'), { failureClass: first.failureClass, details }) };
}

function verdictLine({ folder, manifest, error }: Examined, ink: Session['out']['ink']): string {
  if (error !== undefined || manifest === undefined) return `${ink('red', '✗')} ${cellText(folder)}`;
  const { name, version, tools, agents, integrity, signature } = manifest;
  const sealed = signature === undefined ? (integrity === undefined ? 'without digests of its files' : 'not signed') : `signed by ${signature.publicKey}`;
  return `${ink('green', '✓')} ${cellText(folder)}: ${name} ${version}, ${count(tools.length, 'tool')}, ${count(agents.length, 'agent')}, ${sealed}`;
}
