/** The output of a command while it comes, in pieces for a log. */
import type { OutputChunk } from './command-runner.js';

/** Between two times at which something is told. What a command prints that is over by then is in its result alone. */
const INTERVAL_MS = 250;
/** Characters of each stream in a piece. */
const MAX_PIECE_CHARS = 8 * 1024;
const CUT = '\n[OUTPUT_TRUNCATED: what follows is not recorded while the command runs]\n';

/** What has been printed since the piece before, under the names that it has in a result: what redacts one redacts the other. */
export interface OutputPiece {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Tells of output now and then: whole lines, so that what redacts a line sees all of it, and of each stream no more than its
 * first bytes.
 */
export class OutputPieces {
  readonly #tell: (piece: OutputPiece) => void;
  readonly #stdout: Lines;
  readonly #stderr: Lines;
  #timer: NodeJS.Timeout | undefined;

  constructor(maxBytes: number, tell: (piece: OutputPiece) => void) {
    this.#tell = tell;
    this.#stdout = new Lines(maxBytes);
    this.#stderr = new Lines(maxBytes);
  }

  add({ stream, bytes }: OutputChunk): void {
    (stream === 'stdout' ? this.#stdout : this.#stderr).add(bytes);
    this.#timer ??= setTimeout(() => { this.#tellAll(); }, INTERVAL_MS);
  }

  /** The command is over: its result has the rest. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #tellAll(): void {
    this.#timer = undefined;
    for (;;) {
      const piece = { stdout: this.#stdout.take(), stderr: this.#stderr.take() };
      if (piece.stdout === '' && piece.stderr === '') return;
      this.#tell(piece);
    }
  }
}

/** The lines of one stream that have not been taken. */
class Lines {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #bytesLeft: number;
  #isCut = false;
  #text = '';

  constructor(maxBytes: number) {
    this.#bytesLeft = maxBytes;
  }

  add(bytes: Uint8Array): void {
    if (this.#isCut) return;
    const kept = bytes.subarray(0, this.#bytesLeft);
    this.#bytesLeft -= kept.length;
    // A character may come in two parts; the decoder keeps the first one.
    this.#text += this.#decoder.decode(kept, { stream: true });
    this.#isCut = kept.length < bytes.length;
    if (this.#isCut) this.#text += CUT;
  }

  /** As many whole lines as make a piece, or a piece of a line that is longer; empty if there is neither. */
  take(): string {
    const end = this.#endOfPiece();
    const piece = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return piece;
  }

  #endOfPiece(): number {
    // Programs that show how far they are write a line over and over, with a return before or after it.
    const endOfLines = Math.max(this.#text.lastIndexOf('\n', MAX_PIECE_CHARS - 1), this.#text.lastIndexOf('\r', MAX_PIECE_CHARS - 1)) + 1;
    if (endOfLines > 0 || this.#text.length < MAX_PIECE_CHARS) return endOfLines;
    // A character outside the basic plane is two units, which stay together.
    return /[\uD800-\uDBFF]/.test(this.#text[MAX_PIECE_CHARS - 1]!) ? MAX_PIECE_CHARS - 1 : MAX_PIECE_CHARS;
  }
}
