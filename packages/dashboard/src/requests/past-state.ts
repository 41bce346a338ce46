import type { Journal } from '../feed/journal.js';
import { applyEntry, createState, loadState, saveState } from '../state/index.js';
import type { SavedState } from '../protocol/index.js';
import { Refusal } from './refusal.js';

/** All state after an entry, as JSON: folded from the checkpoint before it. */
export async function pastState(journal: Journal, at: number): Promise<string> {
  const { state: now, window, checkpoints } = journal;
  if (at > now.busSeq) throw new Refusal('NOT_THERE');
  if (at === now.busSeq) return JSON.stringify(saveState(now));
  const checkpoint = checkpoints.before(at);
  const state = checkpoint === undefined ? createState() : loadState(JSON.parse(checkpoint.text) as SavedState);
  for await (const stored of window.read(state.busSeq + 1, at)) for (const { entry } of stored) applyEntry(state, entry);
  // The log was replaced meanwhile.
  if (state.busSeq !== at || now !== journal.state) throw new Refusal('NOT_THERE');
  return JSON.stringify(saveState(state));
}
