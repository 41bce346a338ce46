/** Where commands run: on this machine, or in containers, as `SANDBOX_MODE` says. */
import { statSync } from 'node:fs';
import { chooseRunner, hostEnvironment, LocalRunner, type CommandRunner, type Workspace } from '@omnipaw/host';
import { DEFAULT_IMAGE, DockerSandbox } from '@omnipaw/sandbox-docker';
import { UsageError } from '../run/usage-error.js';

/** Those of `SANDBOX_IMAGE`, if they are containers. Throws a UsageError where they would have to run as root, with what to do. */
export function runnerFor(source: Workspace, maxProcesses: number): CommandRunner {
  const environment = hostEnvironment();
  const local = new LocalRunner(source, { environment, maxProcesses });
  const image = imageIn(environment);
  const docker = new DockerSandbox({ root: source.root, ...(image === undefined ? {} : { image }) });
  const runner = chooseRunner([local, docker], environment);
  if (runner === docker) assertNotRoots(source.root, image);
  return runner;
}

/** In words, for people; undefined on this machine. */
export function whereGitRuns(): string | undefined {
  const environment = hostEnvironment();
  if (environment['SANDBOX_MODE'] !== 'docker') return undefined;
  const image = imageIn(environment);
  return `git runs in containers of ${image ?? `${DEFAULT_IMAGE}, which has no git; SANDBOX_IMAGE names another image`}`;
}

function imageIn({ SANDBOX_IMAGE: image }: Readonly<Record<string, string | undefined>>): string | undefined {
  return image === '' ? undefined : image;
}

/** Nothing in a container runs as root, and git reads no repository that is somebody else's. */
function assertNotRoots(root: string, image = 'IMAGE-WITH-GIT'): void {
  if (process.getuid?.() !== 0 || statSync(root).uid !== 0) return;
  const path = JSON.stringify(root);
  throw new UsageError(`in containers git does not run as root, and ${root} belongs to root. Give it to another user: chown -R 1000:1000 ${path} && SANDBOX_MODE=docker SANDBOX_IMAGE=${image} npm start -- --path ${path}`);
}
