/**
 * A dashboard in a thread of its own.
 *
 * 1. The thread of the kernel has no part in it: the log is followed on the disk, and only decisions about approvals come back.
 * 2. Whatever happens there (a page that attacks, memory that runs out) ends that thread, is told, and nothing else.
 */
import { Worker } from 'node:worker_threads';
import { OmniError, type OmniKernel } from '@omnipaw/kernel';
import { dashboardError } from '../errors.js';
import { FOLDERS, THREAD_PROGRAM } from '../folders.js';
import { settingsOf, type DashboardOptions } from '../server/options.js';
import { codeOf } from '../source/kernel-source.js';
import type { ApprovalDecision } from '../source/source.js';
import type { FromDashboard, ThreadData, ThreadFailure, ToDashboard } from './messages.js';

export interface DashboardThreadOptions extends DashboardOptions {
  /** That of the log. */
  readonly directory: string;
  /** The kernel that writes it, to be told what is decided about approvals; nothing can be decided without it. */
  readonly kernel?: Pick<OmniKernel, 'decide'>;
  /** Told when the thread has ended by itself. */
  readonly onProblem?: (problem: OmniError) => void;
  /** @internal The program of the thread. */
  readonly program?: string;
}

const MEMORY_MB = 1_024;
/** How often an order is given again to a kernel that is in the middle of something. */
const MAX_BUSY_TURNS = 100;

export class DashboardThread {
  readonly #worker: Worker;
  readonly #kernel: DashboardThreadOptions['kernel'] | undefined;
  /** Where the page is to be opened, with the token for reading. */
  readonly url: string;
  #hasEnded = false;

  private constructor(worker: Worker, url: string, { kernel, onProblem }: { readonly [Name in 'kernel' | 'onProblem']: DashboardThreadOptions[Name] | undefined }) {
    this.#worker = worker;
    this.#kernel = kernel;
    this.url = url;
    worker.on('message', (message: FromDashboard) => { this.#hear(message); });
    worker.on('error', (cause) => { onProblem?.(dashboardError('DASHBOARD_FAILED', `The dashboard has ended: ${cause.message}`, cause)); });
    worker.on('exit', () => { this.#hasEnded = true; });
    // Who forgets to close it can end all the same.
    worker.unref();
  }

  /** Rejects with `DASHBOARD_UNAVAILABLE` if the port is not to be had, and with a TypeError for options that make no sense. */
  static async start(options: DashboardThreadOptions): Promise<DashboardThread> {
    const { directory, kernel, onProblem, program = THREAD_PROGRAM, ...rest } = options;
    // What makes no sense is told here, where somebody can see where it came from.
    const { token } = settingsOf(rest);
    const workerData: ThreadData = { directory, options: { ...rest, token }, folders: FOLDERS, isDecidable: kernel !== undefined };
    const worker = new Worker(program, { workerData, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    const url = await listening(worker);
    return new DashboardThread(worker, url, { kernel, onProblem });
  }

  /** The same address with another token, that for writing for instance. */
  urlWith(token: string): string {
    return `${this.url.slice(0, this.url.indexOf('#'))}#${token}`;
  }

  /** Tells all pages of a problem: `createKernel({ onProblem: (problem) => dashboard.report(problem) })`. */
  report({ code, message }: Pick<OmniError, 'code' | 'message'>): void {
    this.#say({ type: 'report', problem: { code, message } });
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = new Promise<void>((resolve) => { this.#worker.once('exit', () => { resolve(); }); });
    this.#worker.ref();
    this.#say({ type: 'close' });
    await ended;
  }

  #hear(message: FromDashboard): void {
    if (message.type === 'decide') this.#decide(message.id, message.decision);
  }

  /** A kernel that is in the middle of an entry takes no order; it is in a moment. */
  #decide(id: number, { approval, approved, reason }: ApprovalDecision, turns = MAX_BUSY_TURNS): void {
    try {
      this.#kernel?.decide(approval, { approved, reason }, 'dashboard');
      this.#say({ type: 'decided', id, failure: null });
    } catch (thrown) {
      if (codeOf(thrown) === 'KERNEL_BUSY' && turns > 0) setImmediate(() => { this.#decide(id, { approval, approved, reason }, turns - 1); });
      else this.#say({ type: 'decided', id, failure: failureOf(thrown) });
    }
  }

  #say(message: ToDashboard): void {
    if (!this.#hasEnded) this.#worker.postMessage(message);
  }
}

function listening(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => { reject(dashboardError('DASHBOARD_UNAVAILABLE', `The dashboard could not be started: ${failureOf(cause).message}`, cause)); };
    worker.once('error', failed);
    worker.once('message', (message: FromDashboard) => {
      worker.off('error', failed);
      if (message.type === 'listens') resolve(message.url);
      else if (message.type === 'failed') reject(message.failure.code === 'DASHBOARD_UNAVAILABLE' ? dashboardError('DASHBOARD_UNAVAILABLE', message.failure.message, message.failure) : new OmniError(message.failure.code, message.failure.message));
    });
  });
}

function failureOf(thrown: unknown): ThreadFailure {
  return { code: codeOf(thrown), message: thrown instanceof Error ? thrown.message : String(thrown) };
}
