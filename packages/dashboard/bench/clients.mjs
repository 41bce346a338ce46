/** Clients that take what they get, in a process of their own: `node clients.mjs URL COUNT`. Says `ready`, and at the end how many entries each has got. */
import { WebSocket } from 'ws';

const [address, count] = process.argv.slice(2);
const { host, hash } = new URL(address);
const sockets = await Promise.all(Array.from({ length: Number(count) }, connect));
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(sockets.map(({ entries }) => entries))}\n`, () => process.exit(0));
});

function connect() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}/ws`, ['omnipaw.v1', `auth.${hash.slice(1)}`], { perMessageDeflate: false });
    const client = { entries: 0 };
    socket.on('message', (data) => {
      // Counted and no more: what a page does with them is measured there.
      for (let at = data.indexOf('{"type":"BUS_EVENT"'); at >= 0; at = data.indexOf('\n{"type":"BUS_EVENT"', at + 1)) client.entries++;
      if (data.indexOf('{"type":"SNAPSHOT"') === 0) resolve(client);
    });
    socket.once('open', () => socket.send('{"type":"START","payload":{}}'));
    socket.once('error', reject);
  });
}
