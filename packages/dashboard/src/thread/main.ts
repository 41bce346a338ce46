/** What runs in the thread of a dashboard: a server over the directory of the log, which asks its kernel only about approvals. */
import { parentPort, workerData } from 'node:worker_threads';
import { DashboardServer } from '../server/dashboard-server.js';
import { codeOf } from '../source/kernel-source.js';
import { DirectorySource } from '../source/directory-source.js';
import type { ApprovalDecision, LogSource } from '../source/source.js';
import type { FromDashboard, ThreadData, ToDashboard } from './messages.js';

const port = parentPort!;
const { directory, options, folders, isDecidable } = workerData as ThreadData;
const asked = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
let lastId = 0;

const follower = new DirectorySource(directory);
const source: LogSource = {
  kind: isDecidable ? 'kernel' : 'directory',
  directory,
  reader: follower.reader,
  follow: (sink) => follower.follow(sink),
  close: () => follower.close(),
  ...(isDecidable ? { decide } : {}),
};

await serve();

async function serve(): Promise<void> {
  try {
    const server = new DashboardServer(source, options, folders);
    await server.listen();
    port.on('message', (message: ToDashboard) => { hear(message, server); });
    say({ type: 'listens', url: server.url });
  } catch (thrown) {
    say({ type: 'failed', failure: { code: codeOf(thrown), message: thrown instanceof Error ? thrown.message : String(thrown) } });
  }
}

function hear(message: ToDashboard, server: DashboardServer): void {
  if (message.type === 'report') server.report(message.problem);
  else if (message.type === 'decided') decided(message);
  else {
    void server.close().then(() => {
      say({ type: 'closed' });
      port.close();
    });
  }
}

function decide(decision: ApprovalDecision): Promise<void> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject });
    say({ type: 'decide', id, decision });
  });
}

function decided({ id, failure }: Extract<ToDashboard, { type: 'decided' }>): void {
  const waiting = asked.get(id);
  asked.delete(id);
  if (failure === null) waiting?.resolve();
  else waiting?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
}

function say(message: FromDashboard): void {
  port.postMessage(message);
}
