import type { StandardSchema, Tool } from '@omnipaw/kernel';
import { canonicalJson } from '../schemas/index.js';
import type { LoadedPlugin } from './loader.js';

/** A tool for a kernel's registry that can be exchanged while it is there; what a call is recorded as, that it runs, however long that takes. */
export function liveTool(first: Tool, present: () => Tool): Tool {
  const validate: StandardSchema['~standard']['validate'] = (value) => present().input['~standard'].validate(value);
  const tool = {
    ...first,
    input: { '~standard': { ...first.input['~standard'], validate } },
    get origin() { return present().origin; },
    run: (args: unknown, context) => present().run(args as never, context),
  } satisfies Tool;
  return Object.freeze(Object.defineProperty(tool, 'present', { value: present }));
}

/** What a kernel knows of a plugin from its start on, and the log's header says: all but what its code does. */
export function shapeOf({ manifest, digests, tools, agents }: LoadedPlugin): string {
  return canonicalJson([
    ...[manifest.name, digests.schemas],
    tools.map(({ name, version, description, idempotent, timeoutMs }) => [name, version, description, idempotent, timeoutMs]),
    agents.map(({ definition: { type }, grants, quota }) => [type, [...grants], { ...quota } as never]),
  ]);
}
