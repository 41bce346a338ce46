import type { AgentSnapshot } from '@omnipaw/kernel';
import { listText, shellWord } from '../terminal/printable.js';
import { callLines, unrepeatableText, type OpenCall } from './open-calls.js';

/** What a kernel left that was stopped. */
export interface LeftOver {
  /** Who has not ended. */
  readonly left: readonly AgentSnapshot[];
  /** The calls of these that were cut off, and may not be repeated. */
  readonly cutOff: readonly OpenCall[];
}

/** With what it is resumed. */
export interface ResumeCommand {
  /** The program's file as the user named it. */
  readonly file: string;
  /** The log's directory as the user named it. */
  readonly log: string;
  readonly sign: string | undefined;
}

/** Who has not ended, which of their calls were cut off, and how to go on; nothing if all have ended. */
export function leftLines({ left, cutOff }: LeftOver, { file, log, sign }: ResumeCommand): string[] {
  if (left.length === 0) return [];
  const open = `  Not ended: ${listText(left.map(({ id, state }) => `${id} ${state}`))}.`;
  const goOn = `  Go on: omnipaw resume ${shellWord(file)} --log ${shellWord(log)}${sign === undefined ? '' : ` --sign ${shellWord(sign)}`}`;
  if (cutOff.length === 0) return [open, goOn];
  return [open, `  Nobody knows what came of ${unrepeatableText(cutOff)}, and cut off:`, ...callLines(cutOff).map((line) => `  ${line}`), `${goOn} (with --settle, to say what came of them)`];
}
