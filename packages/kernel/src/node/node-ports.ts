/** The kernel's ports on Node: the real clock, the real chance, the real timers. */
import crypto from 'node:crypto';
import vm from 'node:vm';
import type { Codec, Ports, Watchdog } from '../ports/index.js';

/** Node's one-shot hash (20.12): half the cost of `createHash`. The types of the lowest supported Node do not know it. */
type OneShotHash = (algorithm: 'sha256', data: string | Uint8Array, encoding: 'hex') => string;
const { hash } = crypto as { hash?: OneShotHash };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const nodeCodec: Codec = {
  sha256:
    hash === undefined
      ? (data) => crypto.createHash('sha256').update(data).digest('hex')
      : (data) => hash('sha256', data, 'hex'),
  utf8: (text) => Buffer.from(text, 'utf8'),
  text: (bytes) => decoder.decode(bytes),
};

/** Node's clock of a thread (23.9). The types of the lowest supported Node do not know it. */
type ThreadCpuUsage = () => { readonly user: number; readonly system: number };
const { threadCpuUsage } = process as { threadCpuUsage?: ThreadCpuUsage };

const yard: { work?: (() => void) | undefined } = {};
const context = vm.createContext(yard);
const script = new vm.Script('work()');

/**
 * V8 ends whatever a script runs when its time is up, functions from outside of it as well: no `catch` and no `finally` of theirs sees it.
 */
const watchdog: Watchdog = {
  cpuUs() {
    if (threadCpuUsage === undefined) return performance.now() * 1_000;
    const { user, system } = threadCpuUsage.call(process);
    return user + system;
  },
  run(work, limitMs) {
    let failure: { readonly thrown: unknown } | undefined;
    yard.work = () => {
      try {
        work();
      } catch (thrown) {
        failure = { thrown };
      }
    };
    try {
      script.runInContext(context, { timeout: Math.min(limitMs, MAX_TIMEOUT_MS) });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw thrown;
    }
    yard.work = undefined;
    if (failure !== undefined) throw failure.thrown;
  },
};

export const nodePorts: Ports = {
  watchdog,
  clock: { now: () => Date.now() },
  random: { hex: (byteCount) => crypto.randomBytes(byteCount).toString('hex') },
  timers: { set: setLongTimeout, defer: (callback) => void setImmediate(callback) },
  codec: nodeCodec,
  createAbort: () => new AbortController(),
};

/** The longest delay that Node's timers take; they turn a longer one into a millisecond. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A timer for any delay: a long one is armed again until its time has come. */
function setLongTimeout(delayMs: number, callback: () => void): () => void {
  let handle: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const nextMs = Math.min(leftMs, MAX_TIMEOUT_MS);
    handle = setTimeout(() => (leftMs > nextMs ? arm(leftMs - nextMs) : callback()), nextMs);
  };
  arm(delayMs);
  return () => clearTimeout(handle);
}
