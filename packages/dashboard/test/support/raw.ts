/** Requests as bytes, to say what no proper client would. */
import net from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes and reads until the other side hangs up, or has said all that it announced. */
export function exchange(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(answerIn(text));
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const { status, headers, body } = answerIn(text);
      if (status === 101 || (headers['content-length'] !== undefined && body.length >= Number(headers['content-length']))) finish();
    });
    socket.on('close', finish);
    socket.on('error', reject);
    socket.write(bytes);
  });
}

function answerIn(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

/** `get(url, 'session', { Authorization: … })`; a header that is null is left out, one that is a list stands several times. */
export function get(url: string, path: string, headers: Readonly<Record<string, string | null | readonly string[]>> = {}, method = 'GET'): Promise<RawAnswer> {
  return exchange(url, requestText({ url, path, headers: { Connection: 'close', ...headers }, method }));
}

/** An upgrade, as a browser asks for it. */
export function upgrade(url: string, token: string | null, headers: Readonly<Record<string, string | null | readonly string[]>> = {}, path = '/ws'): Promise<RawAnswer> {
  const offered = token === null ? 'omnipaw.v1' : `omnipaw.v1, auth.${token}`;
  const usual = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': offered };
  return exchange(url, requestText({ url, path, headers: { ...usual, ...headers }, method: 'GET' }));
}

function requestText({ url, path, headers, method }: { readonly url: string; readonly path: string; readonly headers: Readonly<Record<string, string | null | readonly string[]>>; readonly method: string }): string {
  const all = { Host: new URL(url).host, ...headers };
  const given = Object.entries<string | null | readonly string[]>(all);
  const lines = given.flatMap(([name, value]) => (value === null ? [] : [value].flat().map((one) => `${name}: ${one}`)));
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
