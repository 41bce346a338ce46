import { homedir } from 'node:os';
import { blameTool, chooseRunner, Git, hostEnvironment, LocalRunner, type CommandRunner, type Workspace } from '@omnipaw/host';
import { DockerSandbox } from '@omnipaw/sandbox-docker';
import { listTool } from './list.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool, type Directories } from './workspace.js';

/** Of git, which starts few. */
const MAX_PROCESSES = 64;

export type Tools = ReturnType<typeof createTools>;

/** `excluded` is the output directory as the source sees it, if it lies inside. */
export function createTools(directories: Directories, excluded?: string) {
  const { source } = directories;
  // The code base may be a part of a repository, and what git ignores is said by its user's settings, too.
  const git = new Git(source, runnerFor(source), { home: homedir(), around: true });
  return {
    list: listTool({ source, git, excluded }),
    scan: scanTool(source),
    blame: blameTool('host.git.blame', git, source),
    edit: editTool(directories),
    diff: diffTool(directories),
    register: registerTool(directories),
  };
}

/** As `SANDBOX_MODE` says, in containers of the image that `SANDBOX_IMAGE` names. */
function runnerFor(source: Workspace): CommandRunner {
  const environment = hostEnvironment(process.cwd(), source.root);
  const local = new LocalRunner(source, { environment, maxProcesses: MAX_PROCESSES });
  const { SANDBOX_IMAGE: image } = environment;
  const docker = new DockerSandbox({ root: source.root, ...(image === undefined || image === '' ? {} : { image }) });
  return chooseRunner([local, docker], environment);
}
