/**
 * What tests of agents need: time that passes at once, tools that answer by a script, disks that break, and kernels that
 * crash where a test says. Imports no test runner.
 */
export { VirtualTime, type VirtualTimeOptions } from './testing/virtual-time.js';
export { scriptedTool, type ScriptedAnswer, type ScriptedCall, type ScriptedTool, type ScriptedToolOptions } from './testing/scripted-tool.js';
export { ControlledStore } from './testing/controlled-store.js';
export { crash, type Crashed, type CrashOptions, type CrashPoint } from './testing/crash.js';
export { assertReplays, type ReplayCast } from './testing/assert-replays.js';
