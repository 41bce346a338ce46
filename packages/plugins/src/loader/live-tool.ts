import type { StandardSchema, Tool } from '@omnipaw/kernel';

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
