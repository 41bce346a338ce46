/** Runs a command in a container while another one waits, and waits to be killed. Its arguments: the root, and the image. */
import { DockerSandbox } from '@omnipaw/sandbox-docker';

const [root, image] = process.argv.slice(2) as [string, string];
const sandbox = new DockerSandbox({ root, image, warm: 1 });
await sandbox.prepare();
await sandbox.exec([...sandbox.shell, 'echo begun; while :; do date +%s%N > alive; sleep 0.1; done', 'sh'], {
  cwd: '.',
  env: {},
  timeoutMs: 600_000,
  signal: new AbortController().signal,
  maxOutputBytes: 100,
  onOutput: ({ bytes }) => process.stdout.write(bytes),
});
