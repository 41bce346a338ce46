import type { OpenFile } from './held-directory.js';
import { fail } from './refusals.js';

/**
 * All of a file; throws `FILE_TOO_LARGE` for more than `maxBytes`.
 *
 * It may be longer than it said: files of the system say 0, and others grow.
 */
export async function readAtMost(file: OpenFile, maxBytes: number, asked: string): Promise<Buffer> {
  const { size } = await file.stat();
  const chunks: Buffer[] = [];
  let total = 0;
  for (let room = Math.min(size, maxBytes) + 1; total <= maxBytes; room = 64 * 1024) {
    const buffer = Buffer.allocUnsafe(Math.min(room, maxBytes + 1 - total));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
    if (size > maxBytes) break;
  }
  return fail('FILE_TOO_LARGE', asked, `larger than ${maxBytes} bytes`);
}
