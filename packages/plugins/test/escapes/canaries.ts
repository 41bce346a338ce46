/** What an attempt is after, and how to find out whether it got there. */
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OmniError, type Json } from '@omnipaw/kernel';

const ENV_KEY = 'OMNIPAW_ESCAPE_CANARY';
const SECRETS = /ENV-CANARY|FILE-CANARY|JSON-CANARY|HOSTMOD|CANARY-HIT|CAPABILITY-CANARY/;

export class Canaries {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'omnipaw-canaries-')));
  readonly #server: Server;
  #hits = 0;
  readonly #prototypes = prototypesOfHost();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', () => this.#hits++);
  }

  static async plant(): Promise<Canaries> {
    const server = createServer((_request, response) => response.end('CANARY-HIT'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const canaries = new Canaries(server);
    process.env[ENV_KEY] = 'ENV-CANARY';
    writeFileSync(canaries.args.secretFile, 'FILE-CANARY');
    writeFileSync(canaries.args.secretJson, '{"secret":"JSON-CANARY"}');
    writeFileSync(canaries.args.hostModule, 'export default "HOSTMOD";');
    return canaries;
  }

  /** What attempts get as their arguments. */
  get args() {
    const { port } = this.#server.address() as AddressInfo;
    const file = (name: string): string => join(this.#folder, name);
    return {
      ...{ envKey: ENV_KEY, canaryUrl: `http://127.0.0.1:${port}`, canaryPort: port, sentinel: file('sentinel') },
      ...{ secretFile: file('secret.txt'), secretJson: file('secret.json'), hostModule: file('host.mjs') },
    };
  }

  /** What has been reached since the last look. */
  reached(told: unknown): readonly string[] {
    const reached: string[] = [];
    const text = JSON.stringify(told);
    if (SECRETS.test(text)) reached.push(`a secret: ${text.slice(0, 300)}`);
    if (this.#hits > 0) reached.push(`the server, ${this.#hits} times`);
    if (existsSync(this.args.sentinel)) reached.push('the sentinel');
    if (prototypesOfHost() !== this.#prototypes || 'polluted' in {}) reached.push('the prototypes of the host');
    this.#hits = 0;
    rmSync(this.args.sentinel, { force: true });
    return reached;
  }

  async remove(): Promise<void> {
    Reflect.deleteProperty(process.env, ENV_KEY);
    rmSync(this.#folder, { recursive: true, force: true });
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The own properties of what every object of the host inherits from. */
function prototypesOfHost(): string {
  return [Object, Array, Function, String, Promise, Error, Map].map((kind) => Reflect.ownKeys(kind.prototype as object).map(String).join()).join(';');
}

/** The capabilities that attempts know the names of. None of them gives anything away, if it is asked as itself. */
export async function scriptedCall(name: string, args: Json): Promise<Json> {
  switch (name) {
    case 'echo':
      return args;
    case 'slow':
      return new Promise((resolve) => setTimeout(resolve, 1, null));
    case 'merge':
      return merged({}, args);
    case 'fs.read':
      return (args as { path?: unknown } | null)?.path === 'ok.txt' ? 'fine' : 'CAPABILITY-CANARY';
    case 'hosterr':
      throw new Error(`a mistake at ${import.meta.url}, node:internal/x, node_modules/y`);
    default:
      throw new OmniError('PERMISSION_DENIED', `"${name}" is not granted.`);
  }
}

/** Deep, as it is often written: into what is there already. */
function merged(target: Record<string, unknown>, from: Json): Json {
  if (typeof from !== 'object' || from === null) return from;
  for (const [key, value] of Object.entries(from as Record<string, Json>)) {
    const there = key === '__proto__' || Object.hasOwn(target, key) ? target[key] : undefined;
    target[key] = typeof there === 'object' && there !== null ? merged(there as Record<string, unknown>, value) : value;
  }
  return target as Json;
}
