/** Runs a command, and waits to be killed. Its arguments: the root, and what the sleepers are known by. */
import { LocalRunner, Workspace } from '@omnipaw/host';

const [root, mark] = process.argv.slice(2) as [string, string];
const runner = new LocalRunner(new Workspace(root), { environment: process.env, maxProcesses: 20 });
await runner.exec(['sh', '-c', 'sleep 20.$1 & setsid sleep 20.$1 & echo started; sleep 20.$1', 'sh', mark], {
  cwd: '.',
  env: {},
  timeoutMs: 30_000,
  signal: new AbortController().signal,
  maxOutputBytes: 100,
  onOutput: ({ bytes }) => process.stdout.write(bytes),
});
