import type { LogWindow } from '../log/log-window.js';
import { framesOf, type Frame } from './frames.js';

/** The entries from one on, as they are sent: from the log, for whoever wants more than what is at hand. */
export async function* pastFrames(window: LogWindow, firstSeq: number): AsyncGenerator<Frame, void, undefined> {
  for await (const stored of window.read(firstSeq, window.lastSeq)) yield* framesOf(stored);
}
