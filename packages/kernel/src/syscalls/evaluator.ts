/**
 * Carries out instructions: the kernel's system calls.
 *
 * 1. Whatever a program gets refused is an entry, and a typed error that it can catch.
 * 2. What needs approval waits; the program does not notice.
 * 3. A breach of an invariant, or a guard that ends the agent, is no error of the program's and reaches the scheduler.
 */
import type { OmniError } from '../errors/index.js';
import { recordThrown, type JsonObject } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import type { ToolGate } from '../tools/index.js';
import type { AgentSyscalls } from './agents.js';
import type { Approvals } from './approvals.js';
import { EscalationNeeded, type Authority, type Position } from './authority.js';
import type { Evaluated, Instruction } from '../programs/index.js';
import { frozenCopy } from './frozen-copy.js';
import type { Delays } from './delays.js';
import { DelayNeeded, fatalIn } from './guard.js';
import type { MemorySyscalls } from './memory.js';
import type { MessageSyscalls } from './messages.js';
import { invalidInstruction, requireText } from './require.js';
import type { VersionSyscalls } from './versions.js';

export interface EvaluatorOptions {
  readonly authority: Authority;
  readonly gate: ToolGate;
  readonly memory: MemorySyscalls;
  readonly messages: MessageSyscalls;
  readonly agents: AgentSyscalls;
  readonly approvals: Approvals;
  readonly delays: Delays;
  readonly versions: VersionSyscalls;
  readonly note: Emit;
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
      return thrown instanceof EscalationNeeded ? this.#escalate(instruction, at) : this.#delayOrRefuse(instruction, at, thrown);
    }
  }

  #perform(yielded: Instruction, at: Position): Evaluated {
    const { memory, messages, agents, versions } = this.#options;
    const instruction = asInstruction(yielded);
    switch (instruction.op) {
      case 'CALL_TOOL':
        return this.#callTool(instruction, at);
      case 'READ':
        return memory.read(instruction, at);
      case 'WRITE':
        return memory.write(instruction, at);
      case 'SEND':
        return messages.send(instruction, at);
      case 'RECEIVE':
        return messages.receive(instruction, at);
      case 'SLEEP':
        return messages.sleep(instruction, at);
      case 'DELEGATE':
        return agents.delegate(instruction, at);
      case 'JOIN':
        return agents.join(instruction, at);
      case 'REVOKE':
        return agents.revoke(instruction, at);
      case 'DECIDE':
        return agents.decide(instruction, at);
      case 'VERSION':
        return versions.choose(instruction, at);
      case 'NOOP':
        return { ok: true, value: undefined };
      default:
        // RETURN, CONTINUE and ALL are the engine's; here they stand where they may not.
        throw noInstruction(`the instruction ${JSON.stringify(instruction.op.slice(0, MAX_OP_LENGTH))}`);
    }
  }

  #callTool(instruction: Instruction & { readonly op: 'CALL_TOOL' }, at: Position): Evaluated {
    const { gate, authority } = this.#options;
    const { agent, tick, call } = at;
    const tool = requireText(instruction.tool, 'CALL_TOOL', 'tool');
    gate.execute({ agent, tick, call, tool, args: instruction.args }, (action, resource, spent) => authority.authorize(spent === undefined ? at : { ...at, spent }, action, resource));
    return 'TOOL';
  }

  /** Asks about a copy that can't change any more, so that what is approved is what is carried out. */
  #escalate(instruction: Instruction, at: Position): Evaluated {
    try {
      return this.#performOrAsk(frozenCopy(instruction) as Instruction & JsonObject, at);
    } catch (thrown) {
      return this.#delayOrRefuse(instruction, at, thrown);
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

  #delayOrRefuse(instruction: Instruction, at: Position, thrown: unknown): Evaluated {
    try {
      return thrown instanceof DelayNeeded ? this.#options.delays.start(thrown, at) : this.#refuse(instruction, at, thrown);
    } catch (ended) {
      const fatal = fatalIn(ended);
      if (fatal === undefined) throw ended;
      return { ok: false, error: recordThrown(fatal, 'PROGRAM_FAILED', 'The kernel'), fatal };
    }
  }

  #refuse(instruction: Instruction, at: Position, thrown: unknown): Evaluated {
    if (fatalIn(thrown) !== undefined) throw thrown;
    const op = requireOp(instruction);
    const error = recordThrown(thrown, 'INVALID_INSTRUCTION', `The ${op} instruction`);
    const { data } = this.#options.note({ kind: 'REFUSED', agent: at.agent, data: { tick: at.tick, call: at.call, op, error } });
    // As recorded: a replay may word it otherwise, and the program has to see the same.
    return { ok: false, error: data.error };
  }
}

function requireOp(instruction: Instruction): string {
  const op: unknown = (instruction as Instruction | undefined)?.op;
  return typeof op === 'string' ? op.slice(0, MAX_OP_LENGTH) : 'UNKNOWN';
}

const MAX_OP_LENGTH = 64;

/** A program may yield anything at all, whatever its types promised. */
function asInstruction(yielded: unknown): Instruction {
  if (typeof yielded !== 'object' || yielded === null) throw noInstruction(String(yielded));
  if (typeof (yielded as { op?: unknown }).op !== 'string') throw noInstruction('an object without op');
  return yielded as Instruction;
}

function noInstruction(found: string): OmniError {
  return invalidInstruction(
    `A program yielded ${found}, which is no instruction. Yield what ctx.tool, ctx.memory and the like give, with yield*; all() may not be nested.`,
  );
}
