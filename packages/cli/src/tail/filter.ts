import type { RawEntry } from '@omnipaw/kernel';
import { isDenial } from '../denials.js';

const SHOWN = 10;

/** The entries that are asked for; keeps in mind what it has seen, to say so if it was nothing. */
export class EntryFilter {
  readonly #agent: string | undefined;
  readonly #kinds: ReadonlySet<string>;
  readonly #areDenials: boolean;
  readonly #agentsSeen = new Set<string>();
  readonly #kindsSeen = new Set<string>();
  #hasMatched = false;

  constructor({ agent, kind = [], denied = false }: { readonly agent?: string; readonly kind?: readonly string[]; readonly denied?: boolean }) {
    this.#agent = agent;
    this.#areDenials = denied;
    this.#kinds = new Set(kind.map((name) => name.toUpperCase()));
  }

  /** Whether every entry is asked for. */
  get takesAll(): boolean {
    return this.#agent === undefined && this.#kinds.size === 0 && !this.#areDenials;
  }

  matches(entry: RawEntry): boolean {
    const { agent, kind } = entry;
    if (this.takesAll) return true;
    if (agent !== null) this.#agentsSeen.add(agent);
    this.#kindsSeen.add(kind);
    const isWanted = (this.#agent === undefined || agent === this.#agent) && (this.#kinds.size === 0 || this.#kinds.has(kind)) && (!this.#areDenials || isDenial(entry));
    this.#hasMatched ||= isWanted;
    return isWanted;
  }

  /** If nothing was what is asked for: what there was instead. */
  get disappointment(): string | undefined {
    if (this.takesAll || this.#hasMatched) return undefined;
    const agents = this.#agent === undefined ? '' : ` Its agents: ${list(this.#agentsSeen)}.`;
    const kinds = this.#kinds.size === 0 ? '' : ` Its kinds: ${list(this.#kindsSeen)}.`;
    return `The log has no such entry.${agents}${kinds}`;
  }
}

function list(names: ReadonlySet<string>): string {
  if (names.size === 0) return 'none';
  return `${[...names].slice(0, SHOWN).join(', ')}${names.size > SHOWN ? ', …' : ''}`;
}
