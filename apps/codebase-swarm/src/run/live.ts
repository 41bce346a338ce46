/** The dashboard of a run: live while it lasts, and there until somebody has seen enough. */
import type { DashboardThread } from '@omnipaw/dashboard';
import { OmniError } from '@omnipaw/kernel';
import type { Options } from './options.js';

/** Whether there is somebody to look at it, or who asked for it. */
export function isWatched({ dashboard, once, json }: Options, terminal: { readonly isTTY?: boolean }): boolean {
  return dashboard || (terminal.isTTY === true && !once && !json);
}

/** At the usual port, or at any if that is taken; answers why there is none, if that is so. */
export async function openDashboard(directory: string): Promise<DashboardThread | string> {
  try {
    // Loaded only where somebody looks.
    const { DashboardThread, environmentOptions } = await import('@omnipaw/dashboard');
    const options = { ...environmentOptions(), directory };
    return await DashboardThread.start(options).catch((thrown: unknown) => {
      if (!(thrown instanceof OmniError) || options.port !== undefined) throw thrown;
      return DashboardThread.start({ ...options, port: 0 });
    });
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** Resolves when somebody wants to end. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    // Nothing else keeps the process alive by now.
    const alive = setInterval(() => undefined, 2 ** 30);
    const stop = (): void => {
      clearInterval(alive);
      for (const name of SIGNALS) process.off(name, stop);
      resolve();
    };
    for (const name of SIGNALS) process.once(name, stop);
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
