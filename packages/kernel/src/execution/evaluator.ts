/**
 * Carries out instructions: the kernel's system calls.
 *
 * 1. Whatever a program gets refused is an entry, and a typed error that it can catch.
 * 2. What needs approval waits; the program does not notice.
 * 3. A breach of an invariant, or a guard that ends the agent, is no error of the program's and reaches the scheduler.
 */
import { recordThrown, toJson, type JsonObject } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import type { ToolGate } from '../tools/index.js';
import type { AgentSyscalls } from './agent-syscalls.js';
import type { Approvals } from './approvals.js';
import { EscalationNeeded, type Authority, type Position } from './authority.js';
import type { Evaluated } from './engine.js';
import { fatalIn } from './guard.js';
import type { Instruction } from './instruction.js';
import type { MemorySyscalls } from './memory-syscalls.js';
import type { MessageSyscalls } from './message-syscalls.js';
import { invalidInstruction, requireText } from './require.js';

export interface EvaluatorOptions {
  readonly authority: Authority;
  readonly gate: ToolGate;
  readonly memory: MemorySyscalls;
  readonly messages: MessageSyscalls;
  readonly agents: AgentSyscalls;
  readonly approvals: Approvals;
  readonly emit: Emit;
}

export class InstructionEvaluator {
  readonly #options: EvaluatorOptions;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  evaluate(instruction: Instruction, at: Position): Evaluated {
    try {
      return this.#perform(instruction, at);
    } catch (thrown) {
      return thrown instanceof EscalationNeeded ? this.#escalate(instruction, at) : this.#refuse(instruction, at, thrown);
    }
  }

  #perform(instruction: Instruction, at: Position): Evaluated {
    // A program may yield anything at all, whatever its types promised.
    switch ((instruction as Instruction | undefined)?.op) {
      case 'CALL_TOOL':
        return this.#callTool(instruction as Instruction & { readonly op: 'CALL_TOOL' }, at);
      case 'READ':
        return this.#options.memory.read(instruction as Instruction & { readonly op: 'READ' }, at);
      case 'WRITE':
        return this.#options.memory.write(instruction as Instruction & { readonly op: 'WRITE' }, at);
      case 'SEND':
        return this.#options.messages.send(instruction as Instruction & { readonly op: 'SEND' }, at);
      case 'RECEIVE':
        return this.#options.messages.receive(instruction as Instruction & { readonly op: 'RECEIVE' }, at);
      case 'SLEEP':
        return this.#options.messages.sleep(instruction as Instruction & { readonly op: 'SLEEP' }, at);
      case 'DELEGATE':
        return this.#options.agents.delegate(instruction as Instruction & { readonly op: 'DELEGATE' }, at);
      case 'JOIN':
        return this.#options.agents.join(instruction as Instruction & { readonly op: 'JOIN' }, at);
      case 'DECIDE':
        return this.#options.agents.decide(instruction as Instruction & { readonly op: 'DECIDE' }, at);
      case 'NOOP':
        return { ok: true, value: undefined };
      default:
        throw invalidInstruction(
          `A program yielded ${describe(instruction)}, which is no instruction. Yield what ctx.tool, ctx.memory and the like give, with yield*; all() may not be nested.`,
        );
    }
  }

  #callTool(instruction: Instruction & { readonly op: 'CALL_TOOL' }, at: Position): Evaluated {
    const { gate, authority } = this.#options;
    const { agent, tick, call } = at;
    const tool = requireText(instruction.tool, 'CALL_TOOL', 'tool');
    gate.execute({ agent, tick, call, tool, args: instruction.args }, (action, resource) => authority.authorize(at, action, resource));
    return 'TOOL';
  }

  /** Asks about a copy that can't change any more, so that what is approved is what is carried out. */
  #escalate(instruction: Instruction, at: Position): Evaluated {
    try {
      return this.#performOrAsk(frozenCopy(instruction), at);
    } catch (thrown) {
      return this.#refuse(instruction, at, thrown);
    }
  }

  #performOrAsk(instruction: Instruction & JsonObject, at: Position): Evaluated {
    try {
      return this.#perform(instruction, at);
    } catch (thrown) {
      if (!(thrown instanceof EscalationNeeded)) throw thrown;
      this.#options.approvals.request(instruction, at, thrown);
      return 'APPROVAL';
    }
  }

  #refuse(instruction: Instruction, at: Position, thrown: unknown): Evaluated {
    const fatal = fatalIn(thrown);
    if (fatal !== undefined) return { ok: false, error: recordThrown(fatal, 'PROGRAM_FAILED', 'The kernel'), fatal };
    const op = requireOp(instruction);
    const error = recordThrown(thrown, 'INVALID_INSTRUCTION', `The ${op} instruction`);
    this.#options.emit({ kind: 'REFUSED', agent: at.agent, data: { tick: at.tick, call: at.call, op, error } });
    return { ok: false, error };
  }
}

/** An instruction as JSON; what a caller left undefined is as good as left out. */
function frozenCopy(instruction: Instruction): Instruction & JsonObject {
  const { options, ...rest } = instruction as Instruction & { readonly options?: object };
  const copy = options === undefined ? rest : { ...rest, options: withoutUndefined(options) };
  return toJson(withoutUndefined(copy)) as Instruction & JsonObject;
}

function withoutUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function requireOp(instruction: Instruction): string {
  const op: unknown = (instruction as Instruction | undefined)?.op;
  return typeof op === 'string' ? op.slice(0, 64) : 'UNKNOWN';
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { op } = value as { op?: unknown };
  return typeof op === 'string' ? `the instruction ${JSON.stringify(op.slice(0, 64))}` : 'an object without op';
}
