/** @typedef {import('../../../src/protocol/state.js').WaitingState} WaitingState */

/** @type {Readonly<Record<WaitingState['kind'], string>>} */
const WORDS = { TOOL: 'tool', DELEGATION: 'child', MESSAGE: 'message', TIMER: 'timer', APPROVAL: 'approval', ASK: 'answer' };

/**
 * What somebody waits for, in words.
 * @param {WaitingState} waiting
 */
export function waitingText({ kind, what, attempt }) {
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return `${WORDS[kind]}${what === null ? '' : ` ${what}`}${again}`;
}
