export { bashTool, type BashArguments, type BashOptions, type BashResult, type CommandOutput } from './bash.js';
export { assertPlainCommand, type Command, type CommandEnd, type CommandResult, type CommandRunner, type ExecOptions, type OutputChunk } from './command-runner.js';
export { LocalRunner, type LocalRunnerOptions } from './local-runner.js';
export { OutputWindow, textOfOutput, type CapturedOutput } from './output-window.js';
export { chooseRunner, hostEnvironment } from './sandbox-mode.js';
