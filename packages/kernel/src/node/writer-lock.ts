/**
 * One writer for each log directory, without the file locks that Node does not have.
 *
 * Every contender announces before it looks: it makes a claim file of its own, and only then lists the claims of others.
 * Of two contenders the one that announced later sees the other's claim. So:
 *
 * 1. Two contenders never both win. (Both can lose, if they come at the same moment.)
 * 2. A claim is removed by its owner, or by another contender once its owner is dead beyond doubt.
 * 3. A claim that is incomplete belongs to a contender that has not looked yet, so that removing it wrongly is harmless:
 *    a contender that misses its own claim when it looks has lost.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { OmniError } from '../errors/index.js';
import { isCertainlyDead, isRunning, thisProcess, type Holder } from './holder.js';
import { openRegularFileSync } from './regular-file.js';

/** Claims are much shorter; what is longer is none. */
const MAX_CLAIM_BYTES = 4096;
const CLAIM_NAME = /^writer\.(\d+)\.[0-9a-f]+\.lock$/;

/** Becomes the only writer of the log in a directory, or throws `LOG_LOCKED`; the answer gives the place back. */
export function takeWriterLock(directory: string): () => void {
  const self = thisProcess();
  const own = `writer.${self.pid}.${randomBytes(8).toString('hex')}.lock`;
  const withdraw = (): void => remove(path.join(directory, own));
  try {
    announce(path.join(directory, own), self);
    look(directory, own, self);
    return withdraw;
  } catch (error) {
    withdraw();
    throw error;
  }
}

/** Removes a claim, unless it is gone, alone or with its directory. */
function remove(file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
  }
}

function announce(file: string, self: Holder): void {
  const fd = fs.openSync(file, 'wx');
  try {
    fs.writeSync(fd, JSON.stringify(self));
    // Or else a power cut could leave an empty claim, which seems alive when its number is in use again.
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function look(directory: string, own: string, self: Holder): void {
  const claims = fs.readdirSync(directory).filter((name) => CLAIM_NAME.test(name));
  if (!claims.includes(own)) throw new OmniError('LOG_LOCKED', `Another process is opening the log in ${directory}. Try again.`);
  for (const name of claims) {
    if (name === own) continue;
    const file = path.join(directory, name);
    const claim = readClaim(file, name);
    if (claim === undefined) continue;
    if (!isDead(claim, self)) throw locked(directory, file, claim);
    fs.rmSync(file, { force: true });
  }
}

/** A claim says who made it; an incomplete one, only its process number. */
type Claim = Holder | { readonly pid: number; readonly host: undefined };

function readClaim(file: string, name: string): Claim | undefined {
  try {
    return parseClaim(startOf(file)) ?? { pid: Number(CLAIM_NAME.exec(name)?.[1]), host: undefined };
  } catch (error) {
    // Its owner has withdrawn it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function startOf(file: string): string {
  const fd = openRegularFileSync(file, fs.constants.O_RDONLY);
  try {
    const buffer = Buffer.alloc(MAX_CLAIM_BYTES);
    return buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, 0));
  } finally {
    fs.closeSync(fd);
  }
}

function parseClaim(text: string): Holder | undefined {
  try {
    const { pid, host, startTime = null, thread = null, bootId = null, pidNamespace = null } = JSON.parse(text) as Partial<Holder>;
    const isComplete = typeof pid === 'number' && typeof host === 'string';
    return isComplete ? { pid, host, startTime, thread, bootId, pidNamespace } : undefined;
  } catch {
    return undefined;
  }
}

function isDead(claim: Claim, self: Holder): boolean {
  return claim.host === undefined ? !isRunning(claim.pid, null) : isCertainlyDead(claim, self);
}

function locked(directory: string, file: string, { pid, host }: Claim): OmniError {
  const holder = `process ${pid}${host === undefined ? '' : ` on host ${host}`}`;
  return new OmniError(
    'LOG_LOCKED',
    `The log in ${directory} is being written by ${holder}. Stop that process first; if it certainly runs no more ` +
      `(on another machine or in another container, which can't be seen from here), delete ${file}.`,
    { details: { pid, host: host ?? null, file } },
  );
}
