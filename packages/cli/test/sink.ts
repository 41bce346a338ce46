import { EventEmitter, once } from 'node:events';
import { Writable } from 'node:stream';

/** A terminal, or something that is none, which keeps what is written to it. */
export class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor({ isTTY = false, columns = 100 }: { isTTY?: boolean; columns?: number } = {}) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: string | Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    this.emit('text');
    done();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  /** Resolves once the text is as wanted. */
  async until(isThere: (text: string) => boolean): Promise<void> {
    while (!isThere(this.text)) await once(this, 'text');
  }
}

/** A reader that has gone away, as `head` does. */
export class ClosedPipe extends Writable {
  readonly isTTY = false;
  writes = 0;

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.writes++;
    done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  }
}

export class FakeSignals extends EventEmitter {}
