import { isBefore, type Settings } from '../header/index.js';
import { toJsonWithin, type Json } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import { sharedResource, type EphemeralStore, type PersistentStore, type SharedStore } from '../memory/index.js';
import type { Authority, Position } from './authority.js';
import type { Evaluated, ReadInstruction, WriteInstruction } from '../programs/index.js';
import { invalidInstruction, invalidField, requireCount, requireText } from './require.js';

export interface MemorySyscallsOptions {
  readonly ephemeral: EphemeralStore;
  readonly persistent: PersistentStore;
  readonly shared: SharedStore;
  readonly authority: Authority;
  readonly propose: Emit;
  readonly settings: Settings;
}

const DONE: Evaluated = Object.freeze({ ok: true, value: undefined });

/** A write to shared memory, checked: a program's own object may answer otherwise when it is read a second time. */
interface SharedWrite {
  readonly namespace: string;
  readonly key: string;
  readonly value: Json;
  readonly expectedVersion: number;
}

/** What is read of an instruction once its store is known. */
interface SharedPlace {
  readonly namespace?: unknown;
  readonly expectedVersion?: unknown;
}

/** READ and WRITE. */
export class MemorySyscalls {
  readonly #options: MemorySyscallsOptions;

  constructor(options: MemorySyscallsOptions) {
    this.#options = options;
  }

  read(instruction: ReadInstruction, at: Position): Evaluated {
    const { ephemeral, persistent } = this.#options;
    const key = requireText(instruction.key, 'READ', 'key');
    const { store } = instruction;
    switch (store) {
      case 'ephemeral':
        return { ok: true, value: ephemeral.get(at.agent, key) };
      case 'persistent':
        return { ok: true, value: persistent.get(at.agent, key) };
      case 'shared':
        return this.#readShared(requireNamespace((instruction as SharedPlace).namespace, 'READ'), key, at);
      default:
        throw unknownStore('READ', store);
    }
  }

  write(instruction: WriteInstruction, at: Position): Evaluated {
    const { ephemeral, propose } = this.#options;
    const key = requireText(instruction.key, 'WRITE', 'key');
    const { store } = instruction;
    if (store === 'persistent' && !('value' in instruction)) {
      propose({ kind: 'MEMORY_DELETED', agent: at.agent, data: { tick: at.tick, key } });
      return DONE;
    }
    const value = this.#checked(instruction.value, key);
    switch (store) {
      case 'ephemeral':
        ephemeral.set(at.agent, key, value);
        return DONE;
      case 'persistent':
        propose({ kind: 'MEMORY_SET', agent: at.agent, data: { tick: at.tick, key, value } });
        return DONE;
      case 'shared': {
        const namespace = requireNamespace((instruction as SharedPlace).namespace, 'WRITE');
        const expectedVersion = requireCount((instruction as SharedPlace).expectedVersion, 'WRITE', 'expectedVersion');
        return this.#writeShared({ namespace, key, value, expectedVersion }, at);
      }
      default:
        throw unknownStore('WRITE', store);
    }
  }

  #readShared(namespace: string, key: string, at: Position): Evaluated {
    const permission = this.#options.authority.authorize(at, 'read', sharedResource(namespace, key));
    const { shared, settings } = this.#options;
    const { value, version } = shared.get(namespace, key);
    const seen = value === undefined || isBefore(2, settings) ? {} : { value };
    const data = { tick: at.tick, namespace, key, ...seen, version, permission };
    this.#options.propose({ kind: 'SHARED_READ', agent: at.agent, data });
    return { ok: true, value: Object.freeze({ value, version }) };
  }

  #writeShared({ namespace, key, value, expectedVersion }: SharedWrite, at: Position): Evaluated {
    const { authority, shared, propose } = this.#options;
    const permission = authority.authorize(at, 'write', sharedResource(namespace, key));
    const version = shared.decideVersion(namespace, key, expectedVersion);
    propose({ kind: 'SHARED_WRITTEN', agent: at.agent, data: { tick: at.tick, namespace, key, value, version, permission } });
    return { ok: true, value: version };
  }

  #checked(given: unknown, key: string): Json {
    return toJsonWithin(given, this.#options.settings.limits.maxValueBytes, `The value for "${key}"`);
  }
}

function unknownStore(op: string, store: unknown): Error {
  return invalidField(`The store of a ${op} instruction`, store, 'ephemeral, persistent or shared');
}

/** Without a slash, since `team/**` in a grant means all of `team` and nothing of another namespace. */
function requireNamespace(value: unknown, op: string): string {
  const namespace = requireText(value, op, 'namespace');
  if (!namespace.includes('/')) return namespace;
  throw invalidInstruction(`The namespace of a ${op} instruction is ${JSON.stringify(namespace)}; it must be without a slash. Use the slash in the key.`);
}
