export { bashTool, type BashArguments, type BashResult } from './bash.js';
export type { Command, CommandEnd, CommandResult, CommandRunner, ExecOptions, OutputChunk } from './command-runner.js';
export { LocalRunner } from './local-runner.js';
export type { BashOptions, CommandOutput, LocalRunnerOptions } from './options.js';
export { OutputWindow, textOfOutput, type CapturedOutput } from './output-window.js';
export { chooseRunner } from './sandbox-mode.js';
