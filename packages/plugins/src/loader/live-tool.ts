import type { StandardSchema, Tool } from '@omnipaw/kernel';
import { canonicalJson } from '../schemas/index.js';
import type { LoadedPlugin } from './loader.js';

/** Arguments, and by which version of a tool they were found good: that one runs with them, also when the call is made again. */
class Bound {
  readonly tool: Tool;
  readonly args: unknown;

  constructor(tool: Tool, args: unknown) {
    this.tool = tool;
    this.args = args;
  }
}

/**
 * A tool for a kernel's registry that can be exchanged while it is there.
 *
 * A kernel judges the arguments of a call and records its origin in one step, and runs it later: what it runs is what it recorded. (Arguments with
 * secrets are judged once more before the run, and then the tool of that moment counts.)
 */
export function liveTool(first: Tool, present: () => Tool): Tool {
  const validate: StandardSchema['~standard']['validate'] = (value) => {
    const tool = present();
    const result = tool.input['~standard'].validate(value);
    return 'value' in result ? { value: new Bound(tool, result.value) } : result;
  };
  return Object.freeze({
    ...first,
    input: { '~standard': { ...first.input['~standard'], validate } },
    get origin() { return present().origin; },
    run: (given: unknown, context) => (given instanceof Bound ? given.tool.run(given.args as never, context) : present().run(given as never, context)),
  } satisfies Tool);
}

/** What a kernel knows of a plugin from its start on, and the log's header says: all but what its code does. */
export function shapeOf({ manifest, digests, tools, agents }: LoadedPlugin): string {
  return canonicalJson([
    ...[manifest.name, digests.schemas],
    tools.map(({ name, version, description, idempotent, timeoutMs }) => [name, version, description, idempotent, timeoutMs]),
    agents.map(({ definition: { type }, grants, quota }) => [type, [...grants], { ...quota } as never]),
  ]);
}
