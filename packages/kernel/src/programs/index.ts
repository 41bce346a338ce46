export { AgentContext, type Child, type MemoryOperations, type ProcessClock, type SharedOperations } from './context.js';
export type { Evaluated } from './evaluated.js';
export type {
  DelegateInstruction,
  Instruction,
  InstructionOp,
  ReadInstruction,
  WriteInstruction,
} from './instruction.js';
export { Operation, type AgentTypeOf, type Settled } from './operation.js';
export { defineAgent, type AgentDefinition, type DataProgram, type GeneratorProgram, type Process } from './program.js';
export { SeededRandom } from './random.js';
