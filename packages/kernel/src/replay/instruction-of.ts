import type { Json, JsonObject } from '../json/index.js';

/** From the data of an entry to the instruction that makes such entries, so that people read what the program asked for. */
const INSTRUCTIONS: Readonly<Record<string, (data: JsonObject) => Readonly<Record<string, Json | undefined>>>> = {
  TOOL_CALLED: ({ tool, args }) => ({ op: 'CALL_TOOL', tool, args }),
  AGENT_SPAWNED: ({ type, input, token }) => ({ op: 'DELEGATE', type, input, token }),
  JOIN_STARTED: ({ child }) => ({ op: 'JOIN', agent: child }),
  MESSAGE_SENT: ({ to, channel, body }) => ({ op: 'SEND', to, channel, body }),
  RECEIVE_STARTED: ({ filter, deadline }) => ({ op: 'RECEIVE', filter, deadline }),
  MESSAGE_RECEIVED: ({ message }) => ({ op: 'RECEIVE', message }),
  SLEEP_STARTED: ({ deadline }) => ({ op: 'SLEEP', deadline }),
  DELAY_STARTED: ({ instruction }) => instruction as JsonObject,
  MEMORY_SET: ({ key, value }) => ({ op: 'WRITE', store: 'persistent', key, value }),
  MEMORY_DELETED: ({ key }) => ({ op: 'WRITE', store: 'persistent', key }),
  SHARED_READ: ({ namespace, key }) => ({ op: 'READ', store: 'shared', namespace, key }),
  SHARED_WRITTEN: ({ namespace, key, value }) => ({ op: 'WRITE', store: 'shared', namespace, key, value }),
  APPROVAL_REQUESTED: ({ instruction }) => ({ ...(instruction as JsonObject | null) }),
  VERSION_CHOSEN: ({ change, version }) => ({ op: 'VERSION', change, version }),
  AGENT_CONTINUED: ({ input }) => ({ op: 'CONTINUE', input }),
  AGENT_COMPLETED: ({ result }) => ({ op: 'RETURN', value: result }),
  AGENT_FAULTED: ({ error }) => ({ op: 'THROW', error }),
  REFUSED: ({ op, error }) => ({ op, refused: error }),
};

/** Undefined for an entry that no instruction makes: a root agent, a command, a tool's result. */
export function instructionOf(kind: string, data: JsonObject): Readonly<Record<string, Json>> | undefined {
  if (!Object.hasOwn(INSTRUCTIONS, kind) || (kind === 'AGENT_SPAWNED' && data['parent'] === null)) return undefined;
  const made = INSTRUCTIONS[kind]!(data);
  return Object.fromEntries(Object.entries(made).filter((field): field is [string, Json] => field[1] !== undefined));
}
