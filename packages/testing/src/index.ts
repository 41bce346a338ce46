/**
 * What tests of agents need: time that passes at once, tools that answer by a script, disks that break, and kernels that
 * crash where a test says. Imports no test runner.
 */
export { VirtualTime, type VirtualTimeOptions } from './virtual-time.js';
export { scriptedTool, type ScriptedAnswer, type ScriptedCall, type ScriptedTool, type ScriptedToolOptions } from './scripted-tool.js';
export { ControlledStore } from './controlled-store.js';
export { crash, type Crashed, type CrashOptions, type CrashPoint } from './crash.js';
export { assertReplays, type ReplayCast } from './assert-replays.js';
