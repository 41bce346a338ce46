/**
 * Takes the output of a container apart: frames of a stream's number, three bytes, a length of four, and so many bytes.
 *
 * (dockerode's own way calls itself once for each frame: thousands of small ones in one piece would be too deep for it.)
 */
import type { OutputChunk } from '@omnipaw/host';

const HEADER_BYTES = 8;
const STDERR = 2;

export class Frames {
  readonly #tell: (chunk: OutputChunk) => void;
  /** Of a header that is not complete. */
  #header: Buffer = Buffer.alloc(0);
  #stream: OutputChunk['stream'] = 'stdout';
  #left = 0;

  constructor(tell: (chunk: OutputChunk) => void) {
    this.#tell = tell;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += this.#left > 0 ? this.#content(bytes.subarray(at)) : this.#start(bytes.subarray(at));
  }

  #content(bytes: Buffer): number {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    this.#tell({ stream: this.#stream, bytes: content });
    return content.length;
  }

  #start(bytes: Buffer): number {
    const rest = bytes.subarray(0, HEADER_BYTES - this.#header.length);
    this.#header = Buffer.concat([this.#header, rest]);
    if (this.#header.length === HEADER_BYTES) {
      this.#stream = this.#header[0] === STDERR ? 'stderr' : 'stdout';
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    return rest.length;
  }
}
