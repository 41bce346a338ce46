/** What no client says: frames and upgrades at random, and none of them harms anybody else. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { expect, test } from 'vitest';
import { breakIn } from '../support/client.js';
import { boot, write } from '../support/kernel.js';
import { connect, serveKernel } from '../support/serve.js';

/** So many of each; `OMNIPAW_DASHBOARD_FRAMES=100000` for a thorough look. */
const COUNT = Number(process.env['OMNIPAW_DASHBOARD_FRAMES'] ?? 2_000);
const TOKEN = 'a-token-for-reading-1';
/** So many connections at once. */
const AT_ONCE = 20;

/** Chance by a seed, so that a failure is found again. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SEED = Number(process.env['OMNIPAW_SEED'] ?? randomBytes(4).readUInt32LE());
console.info(`Frames and upgrades at random with OMNIPAW_SEED=${String(SEED)}.`);

const HEADERS = ['Host: 127.0.0.1:PORT', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Sec-WebSocket-Protocol: omnipaw.v1, auth.${TOKEN}`, 'Origin: http://127.0.0.1:PORT', 'Sec-WebSocket-Extensions: permessage-deflate', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Expect: 100-continue'];
const MESSAGES = ['{"type":"START","payload":{}}', '{"type":"STATE","id":1,"payload":{"at":3}}', '{"type":"HISTORY","id":2,"payload":{"before":9,"limit":3,"filter":{"text":"x"}}}', '{"type":"ENTRY","id":3,"payload":{"busSeq":2}}', '{"type":"DECIDE","id":4,"payload":{"approval":1,"approved":true,"reason":""}}'];

/** A text with some of its characters changed, cut out, or doubled. */
function mutated(text: string, chance: (below: number) => number): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const pieces: Buffer[] = [];
  let from = 0;
  for (let change = chance(4); change > 0; change--) {
    const at = from + chance(bytes.length - from + 1);
    pieces.push(bytes.subarray(from, at), [Buffer.from([chance(256)]), Buffer.alloc(0), bytes.subarray(at, at + chance(20)), Buffer.alloc(chance(300), chance(256))][chance(4)]!);
    from = Math.min(bytes.length, at + chance(3));
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

function upgradeText(port: string, chance: (below: number) => number): Buffer {
  const isGood = chance(4) === 0;
  const headers = isGood ? HEADERS.slice(0, 7) : HEADERS.filter(() => chance(5) > 0);
  const text = `${['GET', 'GET', 'GET', 'POST', 'OPTIONS'][isGood ? 0 : chance(5)]!} ${['/ws', '/ws', '/', '/session', '/../ws'][isGood ? 0 : chance(5)]!} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`.replaceAll('PORT', port);
  return isGood ? Buffer.from(text) : mutated(text, chance);
}

/** A frame as clients mask it, or not quite. */
function frame(chance: (below: number) => number): Buffer {
  const payload = chance(3) === 0 ? randomBytes(chance(200)) : mutated(MESSAGES[chance(MESSAGES.length)]!, chance);
  const first = (chance(8) > 0 ? 0x80 : chance(256)) | (chance(4) > 0 ? 0x1 : chance(16));
  const size = chance(10) > 0 ? payload.length : chance(65_536);
  const isMasked = chance(10) > 0 ? 0x80 : 0;
  const head = size < 126 ? Buffer.from([first, isMasked | size]) : Buffer.from([first, isMasked | 126, size >> 8, size & 255]);
  return isMasked === 0 ? Buffer.concat([head, payload]) : Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Sends pieces one after the other; resolves when the other side has hung up or nothing is left to say. */
function throwAt(url: string, pieces: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => { resolve(); });
    socket.resume();
    for (const piece of pieces) socket.write(piece);
    socket.end();
    // Who is still connected after its last word is let go.
    socket.setTimeout(50, () => { socket.destroy(); });
  });
}

test(`${String(COUNT)} upgrades and as many frames at random end no server, and nobody else notices`, async () => {
  const watched = await boot();
  await write(watched, 20);
  const server = await serveKernel(watched, { token: TOKEN, maxClients: 200 });
  // One of its own for upgrades: whoever guesses tokens is locked out.
  const other = await serveKernel(watched, { token: TOKEN });
  const { port } = new URL(server.url);
  const bystander = connect(server.url);
  await bystander.start();
  const chance = chanceOf(SEED);
  const good = Buffer.from(`GET /ws HTTP/1.1\r\n${HEADERS.slice(0, 7).join('\r\n')}\r\n\r\n`.replaceAll('PORT', port));
  const perConnection = 20;
  for (let done = 0; done < COUNT; done += AT_ONCE * perConnection) {
    const connections = Array.from({ length: AT_ONCE }, (_, index) => {
      // Some begin as they should.
      const frames = Array.from({ length: perConnection }, () => frame(chance));
      return index % 2 === 0 ? throwAt(server.url, [good, Buffer.from(`\x81\x9d\0\0\0\0${MESSAGES[0]!}`, 'latin1'), ...frames]) : throwAt(server.url, [good, ...frames]);
    });
    await Promise.all(connections);
    await Promise.all(Array.from({ length: AT_ONCE * perConnection }, () => throwAt(other.url, [upgradeText(new URL(other.url).port, chance)])));
  }
  await write(watched, 20);
  await bystander.until(() => bystander.last?.busSeq === watched.kernel.entryCount - 1);
  expect(breakIn(bystander.lines)).toBeUndefined();
  await bystander.until(() => server.clients.length === 1 || undefined);
  await watched.kernel.stop();
});
