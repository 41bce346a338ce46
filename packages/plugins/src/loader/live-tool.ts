import type { Tool } from '@omnipaw/kernel';

/**
 * A tool that can be exchanged while a kernel has it: whoever asks its registry for it gets the one that is there then, by `present`, so that a
 * call runs what it is recorded as, however long that takes. Copies of it have `origin` and `run` of the moment.
 */
export function liveTool(first: Tool, present: () => Tool): Tool {
  const tool = {
    ...first,
    get origin() { return present().origin; },
    run: (args: unknown, context) => present().run(args as never, context),
  } satisfies Tool;
  return Object.freeze(Object.defineProperty(tool, 'present', { value: present }));
}
