/** An office, or any log, with its page. */
import { DashboardServer, type DashboardOptions, type LogSource } from '@omnipaw/dashboard';
import { closing } from '../../support/serve.js';
import { openOffice, type Office } from './office.js';

export const TOKEN = 'a-token-for-reading-1';
export const WRITE_TOKEN = 'a-token-for-writing-1';

/** A server with the page that is published. */
export async function servePage(source: LogSource, options: DashboardOptions = {}): Promise<DashboardServer> {
  const server = closing(new DashboardServer(source, { port: 0, token: TOKEN, writeToken: WRITE_TOKEN, ...options }));
  await server.listen();
  return server;
}

export async function serveOffice(isLively = false): Promise<Office & { readonly server: DashboardServer }> {
  const office = await openOffice('logs/office', isLively);
  closing({ close: () => office.kernel.stop() });
  return { ...office, server: await servePage(office.source) };
}
