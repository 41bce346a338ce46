/** Runs one attempt and makes an outcome of whatever comes of it; throws nothing. */
import { assertSize, recordThrown, toJson, type Json } from '../json/index.js';
import type { Outcome } from '../pending/index.js';
import type { Attempt, ToolRun } from './run.js';
import { fetchSecrets, hasSecrets, secretNames, withoutSecrets, withSecrets, type SecretProvider } from './secrets.js';
import { validateInput, validateOutput } from './validate.js';

export interface InvokeOptions {
  readonly secrets?: SecretProvider | undefined;
  readonly redact?: ((result: Json, tool: string) => Json) | undefined;
  readonly maxValueBytes: number;
}

type Secrets = ReadonlyMap<string, string>;
const NO_SECRETS: Secrets = new Map();

/** Calls `settle` exactly once: at once when the tool answers synchronously, so that no turn is lost. */
export function invoke(run: ToolRun, options: InvokeOptions & { readonly attempt: Attempt }, settle: (outcome: Outcome) => void): void {
  const { attempt } = options;
  const fail = (thrown: unknown): void => { settle(failed(run, thrown, NO_SECRETS)); };
  const succeed = (value: unknown): void => { settle(succeeded(run, value, { ...options, held: NO_SECRETS })); };
  if (hasSecrets(run.args)) {
    invokeWithSecrets(run, attempt, options).then(settle, fail);
    return;
  }
  let answer: unknown;
  try {
    answer = callTool(run, run.input, attempt);
  } catch (thrown) {
    fail(thrown);
    return;
  }
  if (isThenable(answer)) answer.then(succeed, fail);
  else succeed(answer);
}

async function invokeWithSecrets(run: ToolRun, attempt: Attempt, options: InvokeOptions): Promise<Outcome> {
  const held = await fetchSecrets(secretNames(run.args), options.secrets);
  try {
    const input = validateInput(run.definition, withSecrets(run.args, (name) => held.get(name) ?? ''));
    return succeeded(run, await callTool(run, input, attempt), { ...options, held });
  } catch (thrown) {
    return failed(run, thrown, held);
  }
}

/** The tool's answer, checked by its output schema if it has one. */
function callTool(run: ToolRun, input: unknown, attempt: Attempt): unknown {
  const { definition } = run;
  const returned = definition.run(input as never, attempt);
  const { output } = definition;
  if (output === undefined) return returned;
  return isThenable(returned)
    ? Promise.resolve(returned).then((value) => validateOutput(definition, output, value))
    : validateOutput(definition, output, returned);
}

/** Normalised and redacted: the log gets what is left, and the program the same. */
function succeeded(run: ToolRun, returned: unknown, options: InvokeOptions & { readonly held: Secrets }): Outcome {
  const { definition } = run;
  try {
    let value = toJson(returned === undefined ? null : returned);
    if (options.held.size > 0) value = toJson(withoutSecrets(value, options.held));
    if (definition.redact !== undefined) value = toJson(definition.redact(value));
    if (options.redact !== undefined) value = toJson(options.redact(value, definition.name));
    assertSize(value, options.maxValueBytes, `The result of tool "${definition.name}"`);
    return { ok: true, value };
  } catch (thrown) {
    return failed(run, thrown, options.held);
  }
}

export function failed(run: ToolRun, thrown: unknown, held: Secrets = NO_SECRETS): Outcome {
  const error = recordThrown(thrown, 'TOOL_FAILED', `Tool "${run.definition.name}"`);
  // An error record is JSON, and stays one with parts of its strings replaced.
  return { ok: false, error: withoutSecrets(error as unknown as Json, held) as unknown as typeof error };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
