import { toJsonWithin, type Json } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import { sharedResource, type EphemeralStore, type PersistentStore, type SharedStore } from '../memory/index.js';
import type { Authority, Position } from './authority.js';
import type { Evaluated } from './engine.js';
import type { ReadInstruction, WriteInstruction } from './instruction.js';
import { requireCount, requireText } from './require.js';

export interface MemorySyscallsOptions {
  readonly ephemeral: EphemeralStore;
  readonly persistent: PersistentStore;
  readonly shared: SharedStore;
  readonly authority: Authority;
  readonly propose: Emit;
  readonly maxValueBytes: number;
}

const DONE: Evaluated = Object.freeze({ ok: true, value: undefined });

/** READ and WRITE. */
export class MemorySyscalls {
  readonly #options: MemorySyscallsOptions;

  constructor(options: MemorySyscallsOptions) {
    this.#options = options;
  }

  read(instruction: ReadInstruction, at: Position): Evaluated {
    const { ephemeral, persistent } = this.#options;
    const key = requireText(instruction.key, 'READ', 'key');
    switch (instruction.store) {
      case 'ephemeral':
        return { ok: true, value: ephemeral.get(at.agent, key) };
      case 'persistent':
        return { ok: true, value: persistent.get(at.agent, key) };
      case 'shared':
        return this.#readShared(requireText(instruction.namespace, 'READ', 'namespace'), key, at);
    }
  }

  write(instruction: WriteInstruction, at: Position): Evaluated {
    const { ephemeral, propose } = this.#options;
    const key = requireText(instruction.key, 'WRITE', 'key');
    if (instruction.store === 'persistent' && instruction.value === undefined) {
      propose({ kind: 'MEMORY_DELETED', agent: at.agent, data: { tick: at.tick, key } });
      return DONE;
    }
    const value = this.#checked(instruction.value, key);
    switch (instruction.store) {
      case 'ephemeral':
        ephemeral.set(at.agent, key, value);
        return DONE;
      case 'persistent':
        propose({ kind: 'MEMORY_SET', agent: at.agent, data: { tick: at.tick, key, value } });
        return DONE;
      case 'shared':
        return this.#writeShared(instruction, value, at);
    }
  }

  #readShared(namespace: string, key: string, at: Position): Evaluated {
    const permission = this.#options.authority.authorize(at, 'read', sharedResource(namespace, key));
    const { value, version } = this.#options.shared.get(namespace, key);
    const data = { tick: at.tick, namespace, key, version, permission };
    this.#options.propose({ kind: 'SHARED_READ', agent: at.agent, data });
    return { ok: true, value: Object.freeze({ value, version }) };
  }

  #writeShared(instruction: WriteInstruction & { readonly store: 'shared' }, value: Json, at: Position): Evaluated {
    const { authority, shared, propose } = this.#options;
    const { key } = instruction;
    const namespace = requireText(instruction.namespace, 'WRITE', 'namespace');
    const permission = authority.authorize(at, 'write', sharedResource(namespace, key));
    const version = shared.decideVersion(namespace, key, requireCount(instruction.expectedVersion, 'WRITE', 'expectedVersion'));
    propose({ kind: 'SHARED_WRITTEN', agent: at.agent, data: { tick: at.tick, namespace, key, value, version, permission } });
    return { ok: true, value: version };
  }

  #checked(given: unknown, key: string): Json {
    return toJsonWithin(given, this.#options.maxValueBytes, `The value for "${key}"`);
  }
}
