const NEWLINE = 0x0a;

/** Joins pieces into one array of its own. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** The lines, each with its newline. */
export function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(lines.reduce((total, line) => total + line.length + 1, 0));
  let offset = 0;
  for (const line of lines) {
    whole.set(line, offset);
    offset += line.length + 1;
    whole[offset - 1] = NEWLINE;
  }
  return whole;
}

/** The inverse of {@link joinLines}: nothing is copied. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
