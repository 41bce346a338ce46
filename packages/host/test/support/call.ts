import { createKernel, defineAgent, MemoryLogStore, OmniError, type Tool } from '@omnipaw/kernel';

/** Calls a tool as an agent does: through the gate, with its schema, and the log between the two. */
export async function call<Args, Result>(tool: Tool<Args, Result>, args: Args, secrets?: (name: string) => string | undefined): Promise<Result> {
  const caller = defineAgent<Args, Result>('caller', function* (ctx, given) {
    return yield* ctx.tool(tool, given);
  });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [caller], tools: [tool], ...(secrets === undefined ? {} : { secrets }) });
  try {
    return await kernel.spawn(caller, args, { grants: [`call:${tool.name}`] }).result();
  } finally {
    await kernel.stop();
  }
}

/** The code with which a call fails; throws if it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof OmniError) return thrown.code;
    throw thrown;
  }
  throw new Error('It did not fail.');
}
