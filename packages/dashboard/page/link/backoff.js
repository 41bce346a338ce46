/** How long to wait before connecting anew. */

const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * Twice as long each time, and each as long as chance says: so pages of a server that was started anew don't all come at once.
 * @param {number} attempt 0 for the first
 * @param {number} chance from 0 to 1
 */
export function waitMs(attempt, chance) {
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return longest * (0.5 + chance / 2);
}
