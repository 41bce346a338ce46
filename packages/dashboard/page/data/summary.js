/** What an entry says, in a few words. */
import { brief, clock } from '../view/format.js';

/** @typedef {import('../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {Readonly<Record<string, any>>} Data */

const MOST = 180;

/** Fields that the columns show, or that say nothing to people. */
const QUIET = new Set(['tick', 'call', 'transition', 'permission', 'seed', 'token', 'program', 'programs', 'tools', 'config', 'configDigest', 'extensions', 'metadata']);

/** @type {Readonly<Record<string, (data: Data) => string>>} */
const SUMMARIES = {
  LOG_OPENED: ({ logId, kernelVersion }) => `log ${brief(logId)} · kernel ${brief(kernelVersion)}`,
  KERNEL_STARTED: ({ kernelVersion }) => `kernel ${brief(kernelVersion)}`,
  AGENT_SPAWNED: ({ type, parent, input }) => `${brief(type)}${parent === null ? '' : ` by ${brief(parent)}`}${input === null ? '' : ` · ${brief(input, 90)}`}`,
  AGENT_COMPLETED: ({ result }) => `→ ${brief(result)}`,
  AGENT_FAULTED: ({ error }) => errorText(error),
  AGENT_TERMINATED: ({ reason, error }) => (error === undefined ? brief(reason ?? '') : errorText(error)),
  TOOL_CALLED: ({ tool, args }) => `${brief(tool)}(${brief(args, 120)})`,
  TOOL_RESULT: ({ tool, result }) => `${brief(tool ?? '')} ${resultText(result)}`,
  TOOL_RETRIED: ({ tool, outcome, result, error, attempt }) => `${brief(tool ?? '')} attempt ${brief(attempt ?? '')} ${outcome ?? result ? resultText(outcome ?? result) : errorText(error)}`,
  MEMORY_SET: ({ key, value }) => `${brief(key)} = ${brief(value, 120)}`,
  MEMORY_DELETED: ({ key }) => brief(key),
  SHARED_WRITTEN: ({ namespace, key, value, version }) => `${brief(namespace)}/${brief(key)} v${brief(version)} = ${brief(value, 110)}`,
  SHARED_READ: ({ namespace, key }) => `${brief(namespace)}/${brief(key)}`,
  MESSAGE_SENT: ({ to, channel, body }) => `→ ${brief(to)} on ${brief(channel)} · ${brief(body, 100)}`,
  MESSAGE_RECEIVED: ({ message }) => `message of entry ${brief(message)}`,
  DELEGATION_RESULT: ({ child, result }) => `${brief(child)} ${resultText(result)}`,
  JOIN_STARTED: ({ child }) => `waits for ${brief(child)}`,
  RECEIVE_STARTED: ({ filter }) => `waits for ${filter?.channel === undefined ? 'a message' : [filter.channel].flat().map((one) => brief(one)).join(', ')}`,
  SLEEP_STARTED: ({ deadline }) => `until ${clock(deadline)}`,
  TIMER_FIRED: ({ result }) => resultText(result),
  APPROVAL_REQUESTED: ({ action, resource, permission }) => `may it ${brief(action)} ${brief(resource)}? · ${brief(permission?.by ?? '')}`,
  APPROVAL_DECIDED: ({ approved, by, reason }) => `${approved === true ? 'approved' : 'denied'} by ${brief(by)}${reason === undefined || reason === '' ? '' : ` · ${brief(reason)}`}`,
  QUOTA_WARNED: ({ resource, used, limit, who }) => `${brief(resource)}: ${brief(used)} of ${brief(limit)} · limit of ${brief(who)}`,
  QUOTA_EXCEEDED: ({ resource, used, limit, who }) => `${brief(resource)}: ${brief(used)} of ${brief(limit)} · limit of ${brief(who)}`,
  REFUSED: ({ error }) => errorText(error),
  INVARIANT_BREACHED: ({ error }) => errorText(error),
  TRANSITION_REFUSED: ({ trigger, from }) => `${brief(trigger ?? '')} from ${brief(from ?? '')}`,
};

/**
 * @param {StoredEntry} entry
 * @returns {string}
 */
export function summaryOf({ kind, data }) {
  const summary = Object.hasOwn(SUMMARIES, kind) ? SUMMARIES[kind] : undefined;
  try {
    return (summary ?? otherText)(data).slice(0, MOST);
  } catch {
    // Data of a shape that nobody foresaw is shown as it is.
    return otherText(data);
  }
}

/** @param {Data} data */
function otherText(data) {
  const words = [];
  for (const [name, value] of Object.entries(data)) if (!QUIET.has(name)) words.push(`${name} ${brief(value, 60)}`);
  return words.join(' · ').slice(0, MOST);
}

/** @param {any} error */
function errorText(error) {
  return `${brief(error?.code ?? 'error')}: ${brief(error?.message ?? '')}`;
}

/** @param {any} result */
function resultText(result) {
  return result?.ok === false ? `✗ ${errorText(result.error)}` : `→ ${brief(result?.value ?? null, 120)}`;
}
