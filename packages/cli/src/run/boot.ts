/** A kernel on a log in a directory, with what a program exports. */
import path from 'node:path';
import { attest, FileHeadStore, signHead, type HeadSigner } from '@omnipaw/attest';
import { createKernel, FileLogReader, FileLogStore, inspect, OmniError, type KernelConfig, type OmniKernel } from '@omnipaw/kernel';
import { signerIn } from '../attest/files.js';
import { UsageError } from '../failure.js';
import { withProgress } from '../log-progress.js';
import type { Session } from '../session.js';
import { exportsText, type Definitions } from './definitions.js';
import { lookedAt } from './telemetry.js';

export interface BootOptions extends Pick<KernelConfig, 'recover' | 'unknownOutcomes'> {
  /** The file of the program. */
  readonly file: string;
  readonly log: string;
  /** The file of the private key to sign the log with. */
  readonly sign?: string;
}

/**
 * Starts the kernel. Rejects, before anything is written, with what the kernel refuses a log for, with `HEAD_CONTRADICTED` for one that is to be
 * signed and no longer holds what was signed, and with a UsageError for a program that lacks what the log uses.
 */
export async function boot(definitions: Definitions, { file, log, sign, ...config }: BootOptions, session: Session): Promise<OmniKernel> {
  const { people, ends } = session;
  const signer = sign === undefined ? undefined : signerIn(sign);
  if (signer !== undefined) await assertSignable(log, signer, session);
  try {
    return await createKernel({
      ...config,
      log: new FileLogStore(path.resolve(log)),
      agents: definitions.agents,
      tools: ends.watch(definitions.tools),
      extensions: lookedAt(definitions.extensions, session),
      ...(definitions.policies === undefined ? {} : { policies: definitions.policies }),
      ...(signer === undefined ? {} : { follow: attest({ signer }) }),
      onProblem: ({ code, message }) => void people.line(`${people.ink('yellow', 'warning:')} ${code}: ${message}`),
    });
  } catch (thrown) {
    throw await asUsage(thrown, { file, log }, definitions);
  }
}

/** While it runs, a kernel only warns of heads that its log contradicts; nobody wants to go on in such a log. */
async function assertSignable(log: string, signer: HeadSigner, session: Session): Promise<void> {
  const earlier = await FileHeadStore.beside(log).read();
  if (earlier.length === 0) return;
  await withProgress({ log, reader: new FileLogReader(log), doing: 'Comparing with what was signed' }, session, (reader) => signHead(reader, signer, { earlier }));
}

const MISSING: ReadonlySet<string> = new Set(['AGENT_TYPE_NOT_REGISTERED', 'TOOL_NOT_REGISTERED']);

/** What the log uses and the program does not export: another program was meant, or its exports are incomplete, or a plugin is missing. */
export async function asUsage(thrown: unknown, { file, log }: Pick<BootOptions, 'file' | 'log'>, definitions: Definitions): Promise<unknown> {
  if (!(thrown instanceof OmniError) || !MISSING.has(thrown.code)) return thrown;
  const { type, tool } = (thrown.details ?? {}) as { readonly type?: string; readonly tool?: string };
  const what = type === undefined ? `the tool "${String(tool)}"` : `the agent "${type}"`;
  const plugin = await pluginOf(tool ?? `${type ?? ''}.program`, log);
  if (plugin !== undefined) return new UsageError(`${thrown.code}: The log uses ${what} of the plugin ${plugin}, which is not there. Name the folder in which that plugin has its folder: --plugins DIR`);
  return new UsageError(`${thrown.code}: The log uses ${what}, and ${file} does not export it. It exports ${exportsText(definitions)}.`);
}

/** The plugin that a tool came from, by what the log says; undefined for tools of programs. The program of a plugin's agent is a tool as well. */
async function pluginOf(tool: string, log: string): Promise<string | undefined> {
  const { tools } = (await inspect(new FileLogReader(log))).kernel;
  return /^plugin-\S+/.exec((Object.hasOwn(tools, tool) ? tools[tool]!.origin : undefined) ?? '')?.[0];
}
