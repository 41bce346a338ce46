import {
  defineAgent, verify, nodePorts, type AgentContext, type Entry, type Grant, type Instruction, type MemoryLogStore, type OmniError,
  type Operation, type SpawnOptions,
} from '@omnipaw/kernel';
import { expect } from 'vitest';
import { boot, entriesOf, type BootConfig, type Booted } from '../support/index.js';

/** How an operation ended, as data that a program can return. */
export type Attempted<Result = unknown> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly code: string; readonly failureClass: string; readonly message: string; readonly details: unknown };

/** Tries an operation inside a program; what it throws is told as data. */
export function* attempt<Result>(operation: Operation<Result>): Generator<Instruction, Attempted<Result>> {
  try {
    const value = yield* operation;
    return { ok: true, value: value === undefined ? (null as Result) : value };
  } catch (thrown) {
    const { code, failureClass, message, details = null } = thrown as OmniError;
    return { ok: false, code, failureClass, message, details };
  }
}

/** The stable code of an error, as programs look at it. */
export function codeOf(error: unknown): string {
  return (error as { readonly code: string }).code;
}

export interface Ran<Result> extends Booted<MemoryLogStore> {
  readonly agent: string;
  readonly value: Result;
  readonly entries: readonly Entry[];
  /** Everything in the log, as text. */
  readonly text: string;
}

/** Runs one program on a kernel of its own until it has returned, and reads the log, which must verify. */
export async function runProgram<Result>(
  program: (ctx: AgentContext) => Generator<Instruction, Result>,
  { grants = ['call:*'], spawn = {}, ...config }: BootConfig<MemoryLogStore> & { grants?: readonly (Grant | string)[]; spawn?: SpawnOptions } = {},
): Promise<Ran<Result>> {
  const main = defineAgent('main', program);
  const booted = await boot({ ...config, agents: [main, ...(config.agents ?? [])] });
  const handle = booted.kernel.spawn(main, undefined, { grants, ...spawn });
  const value = await booted.until(handle.result());
  await booted.until(booted.kernel.flush());
  const entries = await entriesOf(booted.store);
  expect(await verify(booted.store)).toMatchObject({ integrity: 'INTACT' });
  return { ...booted, agent: handle.id, value, entries, text: await textOf(booted.store) };
}

/** The bytes of a log, as text. */
export async function textOf(store: MemoryLogStore): Promise<string> {
  let text = '';
  for await (const { bytes } of store.read()) text += nodePorts.codec.text(bytes);
  return text;
}
