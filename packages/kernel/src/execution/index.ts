export type { ExecutionEntries } from './entries.js';
export { AgentSyscalls } from './agent-syscalls.js';
export { Alarm } from './alarm.js';
export { Approvals, type Approval, type Decision } from './approvals.js';
export { Authority, EscalationNeeded, type Position } from './authority.js';
export { AgentContext, type Child, type MemoryOperations, type SharedOperations } from './context.js';
export { Deadlines } from './deadlines.js';
export { TickEngine, type Awaiting, type Evaluated, type TickInput, type TickOutput } from './engine.js';
export { InstructionEvaluator } from './evaluator.js';
export { AgentEnded, type Guard, type GuardRecord, type GuardVerdict } from './guard.js';
export type {
  DelegateInstruction,
  Instruction,
  InstructionOp,
  ReadInstruction,
  WriteInstruction,
} from './instruction.js';
export { MemorySyscalls } from './memory-syscalls.js';
export { MessageSyscalls } from './message-syscalls.js';
export { Messenger } from './messenger.js';
export { Observers, type AgentLoopInfo, type Observer, type TickInfo } from './observer.js';
export { Operation, type Settled } from './operation.js';
export { AgentOutcomes } from './outcomes.js';
export { Processes } from './processes.js';
export { defineAgent, type AgentDefinition, type DataProgram, type GeneratorProgram, type Process } from './program.js';
export { SeededRandom } from './random.js';
export { Scheduler, type SchedulerOptions } from './scheduler.js';
export { Spawner, type SpawnOptions } from './spawner.js';
