import { afterEach, vi } from 'vitest';
import { DashboardServer, KernelSource, type DashboardOptions, type LogSource } from '@omnipaw/dashboard';
import { TestClient } from './client.js';
import type { Watched } from './kernel.js';
import { PAGE } from './page.js';

// A machine may be slow, or busy with something else.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const opened: { close: () => Promise<void> }[] = [];

/** Closes what a test has opened, the last first. */
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

export function closing<One extends { close: () => Promise<void> }>(one: One): One {
  opened.push(one);
  return one;
}

export async function serve(source: LogSource, options: DashboardOptions = {}): Promise<DashboardServer> {
  const server = closing(new DashboardServer(source, { port: 0, page: PAGE, ...options }));
  await server.listen();
  return server;
}

export function serveKernel({ kernel, log }: Watched, options: DashboardOptions = {}): Promise<DashboardServer> {
  return serve(new KernelSource({ kernel, log }), options);
}

export function connect(url: string, token?: string): TestClient {
  return closing(new TestClient(url, token));
}
