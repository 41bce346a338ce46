/** `omnipaw dashboard`: a log in a browser, those entries included that are still to come. */
import type * as dashboard from '@omnipaw/dashboard';
import fs from 'node:fs';
import { EXIT, UsageError } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { installed } from '../plugins/library.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';

export interface DashboardCommandOptions {
  readonly log: string;
  readonly host?: string;
  readonly port?: number;
  readonly allowedHost?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly json?: boolean;
}

/** Serves until it is told to stop. */
export async function showDashboard(options: DashboardCommandOptions, { host, out, people }: Session): Promise<number> {
  const { log, json } = options;
  assertLogDirectory(log);
  // One that is empty may become a log; a name that is mistyped never does.
  if (!fs.existsSync(log)) throw new UsageError(`There is no directory ${log}.`);
  const { DashboardServer, DirectorySource, environmentOptions } = await library();
  const server = rightly(() => new DashboardServer(new DirectorySource(log), { ...environmentOptions(process.cwd(), host.env), ...given(options) }));
  await server.listen();
  const stopped = new Promise<void>((resolve) => {
    onStopSignal(host.signals, () => { resolve(); });
    out.closed.addEventListener('abort', () => { resolve(); });
  });
  if (json === true) await out.json({ url: server.url, log });
  else await out.line(server.url);
  await people.line(`Open it in a browser: it shows ${log}, which is only read. What comes after # is the key to it. Ctrl-C ends it.`);
  await stopped;
  await server.close();
  return EXIT.ok;
}

function given({ host, port, allowedHost, tlsCert, tlsKey }: DashboardCommandOptions): dashboard.DashboardOptions {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new UsageError('TLS needs both --tls-cert and --tls-key.');
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(allowedHost === undefined ? {} : { allowedHosts: allowedHost }),
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: { cert: fs.readFileSync(tlsCert), key: fs.readFileSync(tlsKey) } }),
  };
}

/** What makes no sense as options was given by who calls. */
function rightly<Made>(make: () => Made): Made {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    const remedy = thrown.message.includes('(token)') ? ' A token is set by DASHBOARD_TOKEN, in the environment or in a file .env.' : '';
    throw new UsageError(thrown.message + remedy);
  }
}

async function library(): Promise<typeof dashboard> {
  const found = await installed(() => import('@omnipaw/dashboard'), '@omnipaw/dashboard');
  if (found !== undefined) return found;
  throw new UsageError('The dashboard is the package @omnipaw/dashboard, and it is not installed: npm install @omnipaw/dashboard');
}
