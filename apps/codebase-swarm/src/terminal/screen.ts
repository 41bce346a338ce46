/** Shows progress: live lines on a terminal, plain ones elsewhere. */
import type { Entry } from '@omnipaw/kernel';
import { visible } from '../plan/markdown.js';
import { Progress, type Row } from './progress.js';
import type { Style } from './style.js';

export interface Screen {
  /** To be called for every entry. */
  show(entry: Entry): void;
  /** Leaves the last state on the screen. */
  close(): void;
}

/** What is shown on. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 80;
const PLAIN_INTERVAL_MS = 2_000;
const DEFAULT_COLUMNS = 80;
const NAME_WIDTH = 12;

export function openScreen(terminal: Terminal, style: Style): Screen {
  return terminal.isTTY === true ? new LiveScreen(terminal, style) : new PlainScreen(terminal, style);
}

/** A line for each agent, drawn anew in place. */
class LiveScreen implements Screen {
  readonly #terminal: Terminal;
  readonly #style: Style;
  readonly #progress = new Progress();
  #linesDrawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, style: Style) {
    this.#terminal = terminal;
    this.#style = style;
  }

  show(entry: Entry): void {
    if (this.#progress.apply(entry) === undefined) return;
    this.#timer ??= setTimeout(() => { this.#draw(); }, REDRAW_MS);
  }

  close(): void {
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // A terminal that does not know its width says 0.
    const { columns = 0 } = this.#terminal;
    const width = (columns > 0 ? columns : DEFAULT_COLUMNS) - 1;
    const lines = this.#progress.rows.map((row) => line(row, this.#style, width));
    const back = this.#linesDrawn === 0 ? '' : `\u001b[${this.#linesDrawn}A`;
    this.#terminal.write(back + lines.map((text) => `\u001b[2K${text}\n`).join(''));
    this.#linesDrawn = lines.length;
  }
}

/** A line for each beginning and end, and some in between if it takes long. */
class PlainScreen implements Screen {
  readonly #terminal: Terminal;
  readonly #style: Style;
  readonly #progress = new Progress();
  #shownAtMs = 0;

  constructor(terminal: Terminal, style: Style) {
    this.#terminal = terminal;
    this.#style = style;
  }

  show(entry: Entry): void {
    const row = this.#progress.apply(entry);
    if (row === undefined || entry.kind === 'AGENT_SPAWNED') return;
    if (entry.kind === 'MESSAGE_SENT' && entry.time - this.#shownAtMs < PLAIN_INTERVAL_MS) return;
    this.#shownAtMs = entry.time;
    this.#terminal.write(`${line(row, this.#style, Infinity)}\n`);
  }

  close(): void {
    // Every line was whole when it was written.
  }
}

const SIGNS = { works: '·', done: '✓', failed: '✗' } as const;

function line({ name, state, text }: Row, style: Style, width: number): string {
  const paint = { works: style.active, done: style.good, failed: style.bad }[state];
  const room = Math.max(0, width - NAME_WIDTH - '  · '.length);
  const shown = visible(text);
  const fitting = shown.length <= room ? shown : `${shown.slice(0, room - 1)}…`;
  return `  ${paint(SIGNS[state])} ${style.bold(name.padEnd(NAME_WIDTH))}${fitting}`;
}
