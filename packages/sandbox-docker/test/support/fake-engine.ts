/** As much of an engine as a test needs to let it do what a real one can't be brought to do: to die, to hang, to pull. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';

/** The answer to a request; one that is not given is never answered. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeEngine {
  readonly docker: Docker;
  /** What it was asked for, in order: `POST /containers/create`. */
  readonly asked: readonly string[];
  /** Those that wait for an answer. */
  readonly pending: ReadonlySet<string>;
  /** Resolves when it has been asked that so often. */
  heard(question: string, times?: number): Promise<void>;
  /** Ends all connections, and takes no new ones. */
  die(): void;
}

export const json = (value: unknown, status = 200): Answer => (_request, response) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

const ID = 'c0ffee';

export const IMAGE = json({ Id: 'sha256:c0de' });

/** What an engine says that is well. */
const WELL: Readonly<Record<string, Answer>> = {
  'GET /info': json({ SecurityOptions: ['name=seccomp,profile=default'] }),
  'GET /images': IMAGE,
  'GET /containers/json': json([]),
  'POST /containers/create': json({ Id: ID }, 201),
  'POST /start': json(null, 204),
  'POST /kill': json(null, 204),
  'DELETE /containers': json(null, 204),
  'GET /containers': json({ State: { Running: true, OOMKilled: false } }),
};

/** Who is told of a stream that somebody has attached to: when that is so, and when its container has said that it has the workspace. */
export interface Attached {
  readonly first?: (stream: Socket) => void;
  readonly then?: (stream: Socket) => void;
}

/** Listens on the loopback interface. */
export async function fakeEngine(answers: Readonly<Record<string, Answer>>, attached: Attached | Attached['then'] = {}): Promise<FakeEngine> {
  const { first = answerHere, then = () => undefined } = typeof attached === 'function' ? { then: attached } : attached;
  const asked: string[] = [];
  const pending = new Set<string>();
  const sockets = new Set<Socket>();
  const all = Object.entries({ ...WELL, ...answers }).sort(([one], [other]) => other.length - one.length);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://engine');
    const question = `${request.method!} ${pathname}`;
    asked.push(question);
    pending.add(question);
    response.once('close', () => { pending.delete(question); });
    const [, answer] = all.find(([route]) => {
      const [method, part] = route.split(' ');
      return method === request.method && pathname.includes(part!);
    }) ?? [];
    request.resume();
    answer?.(request, response);
  });
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    // A body belongs to the container's standard input, as with Podman.
    if (head.length > 0) socket.unshift(head);
    asked.push(`${request.method!} ${new URL(request.url!, 'http://engine').pathname}`);
    if ('POST /attach' in answers) {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
      return;
    }
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    first(socket);
    socket.once('data', () => { then(socket); });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const die = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(die);
  const heard = async (question: string, times = 1): Promise<void> => {
    while (asked.filter((one) => one.startsWith(question)).length < times) await turn();
  };
  return { docker: new Docker({ protocol: 'http', host: '127.0.0.1', port: (server.address() as AddressInfo).port }), asked, pending, heard, die };
}

/** Lets what has arrived be read, whatever the time is. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => { setImmediate(resolve); });
}

/** Whatever a container is asked for, it has. */
function answerHere(stream: Socket): void {
  stream.once('data', () => { stream.write(frame('stdout', 'here\n')); });
}

/** Output as engines send it. */
export function frame(stream: 'stdout' | 'stderr', text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
