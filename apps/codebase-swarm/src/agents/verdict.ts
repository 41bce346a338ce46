/** What becomes of a patch by the votes on it: pure. */
import { JURORS, type Juror } from './jurors.js';

/** Who votes: the jurors, and the check. */
export type Voter = Juror | 'check';

/** What each said of a patch: what is wrong with it, or null. Who said nothing has no vote. */
export type Votes = Readonly<Partial<Record<Voter, { readonly objection: string | null }>>>;

/** Most of the jurors, whether or not all have voted. */
export function jurorsAccept(votes: Votes = {}): boolean {
  const inFavour = JURORS.filter((juror) => votes[juror]?.objection === null);
  return 2 * inFavour.length > JURORS.length;
}

/** Most of the jurors, and the check if it has a vote. */
export function isAccepted(votes: Votes = {}): boolean {
  return jurorsAccept(votes) && (votes.check?.objection ?? null) === null;
}

/** What speaks against a patch, in words. */
export function reasonsAgainst(votes: Votes = {}): string[] {
  const said = Object.entries(votes).flatMap(([voter, { objection }]) => (objection === null ? [] : [`${voter}: ${objection}`]));
  const silent = JURORS.filter((juror) => votes[juror] === undefined).map((juror) => `${juror}: has not voted`);
  return [...said, ...silent];
}
