/** Kinds of entries in families, each of which has its colour and its word. */

/** @type {readonly (readonly [family: string, pattern: RegExp])[]} */
const FAMILIES = [
  ['quota', /^(?:QUOTA_|DELAY_)/],
  ['approval', /^APPROVAL_/],
  ['tool', /^(?:TOOL_|STALE_RESULT)/],
  ['message', /^(?:MESSAGE_|RECEIVE_)/],
  ['timer', /^(?:TIMER_|SLEEP_)/],
  ['memory', /^(?:MEMORY_|SHARED_|SCRATCH_)/],
  ['agent', /^(?:AGENT_|JOIN_|DELEGATION_|TOKEN_|COMMAND_|TICK_|VERSION_)/],
  ['refused', /^(?:REFUSED|TRANSITION_REFUSED|INVARIANT_)/],
];

/** @type {Map<string, string>} */
const known = new Map();

/**
 * @param {string} kind
 * @returns {string}
 */
export function familyOf(kind) {
  const found = known.get(kind);
  if (found !== undefined) return found;
  const family = FAMILIES.find(([, pattern]) => pattern.test(kind))?.[0] ?? 'kernel';
  // Whatever stands in a log, this stays small.
  if (known.size < 500) known.set(kind, family);
  return family;
}
