import type { RawEntry } from '@omnipaw/kernel';
import { isDenial } from '../denials.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { cellText, shortened } from '../terminal/printable.js';
import { summaryOf } from './summaries.js';

/** Where no terminal limits a line. */
const SUMMARY_LENGTH = 160;
const SEQ_WIDTH = 6;
const KIND_WIDTH = 18;
const MIN_SUMMARY_LENGTH = 20;

/** Entries for people, a line each; the day is said where it changes. */
export class EntryText {
  readonly #ink: Ink;
  readonly #width: number | undefined;
  #day = '';
  #agentWidth = 12;

  /** `width`: columns of the terminal, if it is one. */
  constructor(ink: Ink, width: number | undefined) {
    this.#ink = ink;
    this.#width = width;
  }

  /** The entry's line, after a line for the day if that is another one. */
  of(entry: RawEntry): string {
    const { day, time } = localTime(entry.time);
    const heading = day === this.#day ? '' : `${this.#ink('dim', `── ${day} ──`)}\n`;
    this.#day = day;
    const agent = cellText(entry.agent ?? '–');
    const kind = cellText(entry.kind).padEnd(KIND_WIDTH);
    this.#agentWidth = Math.max(this.#agentWidth, agent.length);
    const before = [
      this.#ink('dim', String(entry.busSeq).padStart(SEQ_WIDTH)),
      this.#ink('dim', time),
      agent.padEnd(this.#agentWidth),
      this.#ink(colourOf(entry), kind),
    ];
    const used = SEQ_WIDTH + time.length + this.#agentWidth + kind.length + 4 * GAP.length;
    const maxLength = this.#width === undefined ? SUMMARY_LENGTH : Math.max(this.#width - used, MIN_SUMMARY_LENGTH);
    return `${heading}${[...before, shortened(summaryOf(entry), maxLength)].join(GAP).trimEnd()}`;
  }
}

const GAP = '  ';

/** `2026-07-30` and `12:00:01.234` where the reader is. */
function localTime(ms: number): { day: string; time: string } {
  const utcOffsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  // Beyond what a date can be.
  if (Number.isNaN(new Date(ms - utcOffsetMs).getTime())) return { day: '–', time: String(ms) };
  const [day = '', time = ''] = new Date(ms - utcOffsetMs).toISOString().slice(0, -1).split('T');
  return { day, time };
}

const COLOURS: readonly (readonly [prefix: string, colour: Colour])[] = [
  ['AGENT_', 'green'],
  ['TOOL_', 'blue'],
  ['MEMORY_', 'magenta'],
  ['SHARED_', 'magenta'],
  ['MESSAGE_', 'cyan'],
  ['RECEIVE_', 'cyan'],
  ['JOIN_', 'cyan'],
  ['DELEGATION_', 'cyan'],
  ['APPROVAL_', 'yellow'],
  ['TOKEN_', 'yellow'],
  ['STALE_', 'yellow'],
];

/** Red for what went wrong, otherwise by what it is about. */
function colourOf(entry: RawEntry): Colour {
  const { kind, data } = entry;
  const { error, result, outcome } = data as { error?: unknown; result?: { ok?: unknown } | null; outcome?: { ok?: unknown } | null };
  if (error !== undefined || (kind !== 'AGENT_COMPLETED' && result?.ok === false) || outcome?.ok === false || isDenial(entry)) return 'red';
  return COLOURS.find(([prefix]) => kind.startsWith(prefix))?.[1] ?? 'dim';
}
