export { bashTool, type BashArguments, type BashResult } from './bash.js';
export { assertPlainCommand, type Command, type CommandEnd, type CommandResult, type CommandRunner, type ExecOptions, type OutputChunk } from './command-runner.js';
export { LocalRunner } from './local-runner.js';
export type { BashOptions, CommandOutput, LocalRunnerOptions } from './options.js';
export { OutputWindow, textOfOutput, type CapturedOutput } from './output-window.js';
export { alsoContained, chooseRunner, hostEnvironment } from './sandbox-mode.js';
