import type { StoredLine } from '../log/entry.js';
import { BUS_EVENT_PREFIX } from '../protocol/index.js';

/** Entries as they are sent: made once, for whoever wants them. */
export interface Frame {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Buffer;
}

const NEWLINE = 0x0a;
/** A frame is full when it has so many characters; what is larger by itself is one alone. */
const FRAME_CHARS = 128 * 1024;

/** The frames that these entries make, each as full as can be. */
export function framesOf(stored: readonly StoredLine[]): Frame[] {
  const frames: Frame[] = [];
  let lines: string[] = [];
  let chars = 0;
  let firstSeq = stored[0]?.entry.busSeq ?? 0;
  const close = (lastSeq: number): void => {
    if (lines.length === 0) return;
    frames.push({ firstSeq, lastSeq, bytes: Buffer.from(lines.join('\n')) });
    lines = [];
    chars = 0;
    firstSeq = lastSeq + 1;
  };
  for (const { entry, line } of stored) {
    if (chars + line.length > FRAME_CHARS) close(entry.busSeq - 1);
    lines.push(`${BUS_EVENT_PREFIX}${line}}`);
    chars += line.length;
  }
  close(stored.at(-1)?.entry.busSeq ?? 0);
  return frames;
}

/** A frame without its entries before one of them. */
export function frameFrom(frame: Frame, busSeq: number): Frame {
  const { firstSeq, lastSeq, bytes } = frame;
  if (busSeq <= firstSeq) return frame;
  let start = 0;
  for (let seq = firstSeq; seq < busSeq; seq++) start = bytes.indexOf(NEWLINE, start) + 1;
  return { firstSeq: busSeq, lastSeq, bytes: bytes.subarray(start) };
}
