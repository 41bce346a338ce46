/** What becomes of a patch by the votes on it: pure. */
import { JURORS, type Juror } from './jurors.js';

/** Who votes: the jurors, and the check. */
export type Voter = Juror | 'check';

/** What each said of a patch: what is wrong with it, or null. Who said nothing has no vote. */
export type Votes = Readonly<Partial<Record<Voter, { readonly objection: string | null }>>>;

/** Most of the jurors are for it and nobody is against: each looks from a side of its own, so that the others can't have seen what one objects to. */
export function isAccepted(votes: Votes = {}): boolean {
  const inFavour = JURORS.filter((juror) => votes[juror]?.objection === null);
  return 2 * inFavour.length > JURORS.length && Object.values(votes).every(({ objection }) => objection === null);
}

/** What speaks against a patch, in words. */
export function reasonsAgainst(votes: Votes = {}): string[] {
  const said = Object.entries(votes).flatMap(([voter, { objection }]) => (objection === null ? [] : [`${voter}: ${objection}`]));
  const silent = JURORS.filter((juror) => votes[juror] === undefined).map((juror) => `${juror}: has not voted`);
  return [...said, ...silent];
}
