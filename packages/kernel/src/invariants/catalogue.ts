/** What always holds, whatever programs, tools, plugins and callers do. `docs/content/invariants.md` explains each. */
export const INVARIANTS = Object.freeze({
  'INV-01': 'Every state transition is in the log before it takes effect.',
  'INV-02': "Only the lifecycle controller's interface reads or moves lifecycle state.",
  'INV-03': 'One tick at a time per agent.',
  'INV-04': 'Permission is evaluated before every tool call, shared access and delegation; there is no bypass.',
  'INV-05': 'Ephemeral data never outlives its tick unless checkpointed by a PENDING_* exit.',
  'INV-06': "Delegated grants are a subset of the delegator's grants at that moment.",
  'INV-07': 'Entries are immutable; nothing updates or deletes one.',
  'INV-08': 'The delegation tree has no cycle and one parent for each agent.',
  'INV-09': 'A TERMINATED agent executes nothing, accesses nothing and calls nothing.',
  'INV-10': 'Modules affect one another through the bus only.',
  'INV-11': 'Only JSON enters memory.',
  'INV-12': 'Steps in a tick never exceed maxStepsPerTick, which is fixed at boot.',
  'INV-13': 'No sub-agent runs without an active, unexpired, unrevoked token.',
  'INV-14': 'A tool result is recorded before the program sees it.',
  'INV-15': 'Replay produces identical tick outputs.',
  'INV-16': 'busSeq is unique and strictly increasing.',
  'INV-17': 'The mode, LIVE or REPLAY, never changes after boot.',
  'INV-18': 'REPLAY never invokes a real tool.',
  'INV-19': 'A shared write with a stale version is refused and recorded.',
  'INV-20': 'Evaluation is pure: no clock, randomness, environment or I/O.',
  'INV-21': 'No two ticks run at once in one kernel.',
  'INV-22': 'Snapshots derive from the log alone and are checksummed before use.',
} as const);

export type InvariantId = keyof typeof INVARIANTS;
