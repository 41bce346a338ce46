/** Whether one entry is what its hash says, and follows the one before. */
import { canHash, GENESIS, hashOf } from './chain.js';

/** @typedef {{ readonly isGood: boolean | null, readonly text: string }} Check */

/**
 * @param {string} line
 * @param {(type: 'HISTORY', payload: object) => Promise<any>} ask
 * @returns {Promise<Check>}
 */
export async function checkHash(line, ask) {
  if (!canHash) return { isGood: null, text: 'This browser hashes over https, or on the machine itself, only.' };
  const { busSeq, prev, hash } = JSON.parse(line);
  if ((await hashOf(line)) !== hash) return { isGood: false, text: 'It does not hash to what it says.' };
  const before = busSeq === 0 ? GENESIS : await hashBefore(busSeq, ask);
  return before === prev ? { isGood: true, text: 'Hashed in this browser: it fits, and so does the one before.' } : { isGood: false, text: 'It does not follow the entry before it.' };
}

/**
 * @param {number} busSeq
 * @param {(type: 'HISTORY', payload: object) => Promise<any>} ask
 * @returns {Promise<string>}
 */
async function hashBefore(busSeq, ask) {
  const { lines } = await ask('HISTORY', { before: busSeq, limit: 1 });
  return lines.length === 0 ? '' : hashOf(String(lines[0]));
}
