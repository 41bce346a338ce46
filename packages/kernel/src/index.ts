/** The public surface of `@omnipaw/kernel`, and nothing else. */
export { describeThrown, ERROR_CODES, OmniError, type ErrorCode, type ErrorRecord, type FailureClass, type OmniErrorOptions } from './errors/index.js';
export { VERSION } from './version.js';
export { differences, toJson, type Difference, type Json, type JsonObject } from './json/index.js';
export type { AbortHandle, AbortSignalLike, Clock, Codec, Ports, RandomSource, Timers, Watchdog } from './ports/index.js';
export { INVARIANTS, InvariantChecker, type InvariantId } from './invariants/index.js';
export {
  checkLine,
  corruptLog,
  ExecutionLogger,
  GENESIS_HASH,
  isContradicted,
  LOG_FORMAT_VERSION,
  MemoryLogStore,
  parseEntry,
  scanLog,
  type CheckpointStore,
  type DamageReason,
  type Durability,
  type Emit,
  type Entry,
  type EntryCatalogue,
  type EntryKind,
  type KnownEntry,
  type LogBatch,
  type LogChunk,
  type LogDamage,
  type LogEnd,
  type LogPlace,
  type LogReader,
  type LogStore,
  type LogVerdict,
  type LogPin,
  type Projection,
  type Proposal,
  type RawEntry,
  type RecordedEntry,
  type ScannedLine,
  type ScanReport,
  type TornTail,
  type VerifyOptions,
} from './logging/index.js';
export type { Digests, ForkParent, KernelLimits } from './header/index.js';
export {
  LIFECYCLE_STATES,
  LIFECYCLE_TRIGGERS,
  LifecycleController,
  nextState,
  TRANSITIONS,
  type LifecycleState,
  type LifecycleTrigger,
  type Transition,
} from './lifecycle/index.js';
export {
  AgentRegistry,
  type AgentIdentity,
  type CapabilityToken,
  type Grant,
  type GrantAction,
  type PermissionRecord,
  type Quota,
  type QuotaLimit,
} from './identity/index.js';
export { matches, parseGrant, PermissionModel, type Policy } from './permissions/index.js';
export { EphemeralStore, PersistentStore, SharedStore, type Versioned } from './memory/index.js';
export type { Message, MessageFilter } from './messages/index.js';
export type { Outcome, PendingKind } from './pending/index.js';
export {
  defineTool,
  secret,
  ToolGate,
  ToolRegistry,
  unchecked,
  type RetryPolicy,
  type SecretProvider,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
  type AskedInstruction,
  type Tool,
  type ToolCallInfo,
  type ToolContext,
  type ToolOptions,
  type Usage,
} from './tools/index.js';
export type { DelegationOptions } from './delegation/index.js';
export { AgentContext, defineAgent, Operation, type AgentDefinition, type Child, type DataProgram, type Instruction, type Settled } from './programs/index.js';
export { type Approval, type Decision, type Guard, type GuardRecord, type GuardVerdict, type NoteVerdict, type TickAsked, type TickVerdict, type SpawnOptions } from './syscalls/index.js';
export { Scheduler, TickEngine, type AgentLoopInfo, type Observer, type TickInfo, type TickInput, type TickOutput } from './execution/index.js';
export {
  OmniKernel,
  type AgentHandle,
  type AgentSnapshot,
  type Extension,
  type FollowedLog,
  type Inspection,
  type KernelConfig,
  type KernelHost,
  type LogFollower,
  type SettledOutcome,
  type Snapshot,
  type Subscriber,
  type UnknownCall,
  type Waiting,
} from './kernel/index.js';
export { createKernel } from './create-kernel.js';
export { TickTimes } from './history/index.js';
export type {
  Changed,
  ExplainedDivergence,
  Forked,
  ForkOptions,
  GrantChange,
  Identified,
  LinkOptions,
  LinkReason,
  LinkVerdict,
  ReplayOptions,
  ReplayReport,
  WhatIfFinding,
  WhatIfOptions,
  WhatIfReport,
} from './history/index.js';
export type { Divergence, DivergentSide } from './replay/index.js';
export { fork, inspect, readEntries, replay, verify, verifyLink, whatIf } from './readers.js';
export { FileLogReader, FileLogStore, makeDirectory, nodePorts, syncDirectory, type FileLogStoreOptions } from './node/index.js';
