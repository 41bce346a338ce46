import { OmniError } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import { recordCleaned, toJson, toJsonWithin, type Json } from '../json/index.js';
import type { Outcome } from '../pending/index.js';
import type { Attempt, ToolRun } from './run.js';
import { fetchSecrets, NO_SECRETS, secretNames, withoutSecrets, withSecrets, type SecretProvider, type Secrets } from './secrets.js';
import { isThenable } from './thenable.js';
import { validateInput, validateOutput } from './validate.js';

export interface InvokeOptions {
  readonly secrets?: SecretProvider | undefined;
  readonly redact?: ((result: Json, tool: string) => Json) | undefined;
  readonly settings: Settings;
}

/** Whom the invoker works for. */
export interface InvokeCaller {
  /** Whether the attempt should still be made: asked after everything that takes time. */
  readonly isWanted: (run: ToolRun, attempt: Attempt) => boolean;
  /** Called exactly once for each attempt. */
  readonly settle: (run: ToolRun, attempt: Attempt, outcome: Outcome) => void;
}

/** Runs one attempt and makes an outcome of whatever comes of it; throws nothing. */
export class ToolInvoker {
  readonly #options: InvokeOptions;
  readonly #caller: InvokeCaller;

  constructor(options: InvokeOptions, caller: InvokeCaller) {
    this.#options = options;
    this.#caller = caller;
  }

  /** Settles at once when the tool answers synchronously, so that no turn is lost. */
  invoke(run: ToolRun, attempt: Attempt): void {
    const fail = (thrown: unknown): void => { this.#caller.settle(run, attempt, failed(run, thrown)); };
    if (run.needsSecrets) {
      this.#invokeWithSecrets(run, attempt).then((outcome) => { this.#caller.settle(run, attempt, outcome); }, fail);
      return;
    }
    const succeed = (value: unknown): void => { this.#caller.settle(run, attempt, this.#succeeded(run, value, NO_SECRETS)); };
    let answer: unknown;
    try {
      answer = callTool(run, run.input, attempt);
      if (isThenable(answer)) {
        // Adopted by a promise of our own, since a foreign one may call back twice, or throw.
        Promise.resolve(answer).then(succeed, fail);
        return;
      }
    } catch (thrown) {
      fail(thrown);
      return;
    }
    succeed(answer);
  }

  async #invokeWithSecrets(run: ToolRun, attempt: Attempt): Promise<Outcome> {
    const held = await fetchSecrets(secretNames(run.args), this.#options.secrets);
    if (!this.#caller.isWanted(run, attempt)) return failed(run, notWanted(run));
    // Only now: another attempt may have got others meanwhile, and what it says must be rid of those.
    run.held = held;
    try {
      const input = validateInput(run.definition, withSecrets(run.args, (name) => held.get(name) ?? ''));
      return this.#succeeded(run, await callTool(run, input, attempt), held);
    } catch (thrown) {
      return failed(run, thrown, held);
    }
  }

  /** Normalised and redacted: the log gets what is left, and the program the same. */
  clean({ definition: { name, redact: redactTool } }: ToolRun, given: unknown, { held, what }: { readonly held: Secrets; readonly what: string }): Json {
    const { redact: redactAll, settings } = this.#options;
    let value = given === undefined ? null : given;
    if (held.size > 0) value = withoutSecrets(toJson(value), held);
    if (redactTool !== undefined) value = redactTool(toJson(value));
    if (redactAll !== undefined) value = redactAll(toJson(value), name);
    return toJsonWithin(value, settings.limits.maxValueBytes, `The ${what} of tool "${name}"`);
  }

  #succeeded(run: ToolRun, returned: unknown, held: Secrets): Outcome {
    try {
      return { ok: true, value: this.clean(run, returned, { held, what: 'result' }) };
    } catch (thrown) {
      return failed(run, thrown, held);
    }
  }
}

function notWanted({ definition, agent }: ToolRun): OmniError {
  return new OmniError('TOOL_ABORTED', `Tool "${definition.name}" was not run: agent "${agent}" ended, or the time was up, while its secrets were fetched.`);
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

export function failed(run: ToolRun, thrown: unknown, held: Secrets = NO_SECRETS): Outcome {
  const what = `Tool "${run.definition.name}"`;
  const clean = (text: string): string => withoutSecrets(text, held) as string;
  const error = recordCleaned({ thrown, fallbackCode: 'TOOL_FAILED', what, clean });
  // An error record is JSON, and stays one with parts of its strings replaced.
  return { ok: false, error: withoutSecrets(error as unknown as Json, held) as unknown as typeof error };
}
