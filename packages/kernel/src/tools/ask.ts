import { OmniError } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { ToolRun } from './run.js';
import { withoutSecrets } from './secrets.js';

/** What a running tool may ask for on behalf of its agent: instructions, as programs yield them. */
export type AskedInstruction =
  | { readonly op: 'CALL_TOOL'; readonly tool: string; readonly args?: unknown }
  /** Answers the value, or null. */
  | { readonly op: 'READ'; readonly store: 'persistent'; readonly key: string }
  /** Answers `{ value?, version }`. */
  | { readonly op: 'READ'; readonly store: 'shared'; readonly namespace: string; readonly key: string }
  /** Without a value, the key is deleted. */
  | { readonly op: 'WRITE'; readonly store: 'persistent'; readonly key: string; readonly value?: Json }
  /** Answers the new version; throws `WRITE_CONFLICT` if somebody else wrote meanwhile. */
  | { readonly op: 'WRITE'; readonly store: 'shared'; readonly namespace: string; readonly key: string; readonly value: Json; readonly expectedVersion: number };

/** The attempt that asks. */
export interface Asking {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  /** How often it has asked before. */
  readonly index: number;
  /** Whether anybody still waits for what the attempt does. */
  readonly isWanted: () => boolean;
}

/** Throws `SECRET_EXPOSED` for an instruction with a secret in it that the tool was given: what is asked for is recorded as it is. */
export function assertNoSecret({ definition: { name }, held }: ToolRun, instruction: AskedInstruction): void {
  const text = JSON.stringify(instruction) as string | undefined;
  if (held.size === 0 || text === undefined || JSON.stringify(withoutSecrets(JSON.parse(text) as Json, held)) === text) return;
  throw new OmniError('SECRET_EXPOSED', `Tool "${name}" asks for something with a secret in it that it was given, and that would be on record. Let it ask with a reference to the secret instead.`, { details: { tool: name } });
}

/** Why what a tool asked for is told to stop. */
export function askerEnded({ definition: { name } }: ToolRun, { definition: { name: asked } }: ToolRun): OmniError {
  return new OmniError('TOOL_ABORTED', `Tool "${name}", which asked for tool "${asked}", has ended.`, { details: { tool: asked, asker: name } });
}
