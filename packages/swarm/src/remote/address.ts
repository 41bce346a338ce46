/** An agent of another kernel, as programs call it: `node/agent`. Neither part has a slash in it. */
export interface RemoteAddress {
  readonly node: string;
  readonly agent: string;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Where an agent is that is elsewhere; undefined for an agent of the same kernel. */
export function remoteAddressOf(to: string): RemoteAddress | undefined {
  const slash = to.indexOf('/');
  return slash < 0 ? undefined : { node: to.slice(0, slash), agent: to.slice(slash + 1) };
}

/** Throws a TypeError for what no node can be called. */
export function assertNodeName(node: string): void {
  if (NAME.test(node)) return;
  throw new TypeError(`A node's name starts with a letter or digit, then has letters, digits, "_", "." or "-", 128 at most; found ${JSON.stringify(node)}.`);
}

const TOOL_PREFIX = 'swarm.to.';

/** The tool by which programs write to a node: `swarm.to.b`. */
export function toolTo(node: string): string {
  return `${TOOL_PREFIX}${node}`;
}

/** The node that such a tool writes to; undefined for any other tool. */
export function nodeOfTool(tool: string): string | undefined {
  return tool.startsWith(TOOL_PREFIX) ? tool.slice(TOOL_PREFIX.length) : undefined;
}
