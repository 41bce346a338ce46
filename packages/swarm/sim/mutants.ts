/** Bugs that the simulator has to find: each is a small change of one source, as somebody might make it. */
import type { Mutant } from '../../../testing/planted-worker.js';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'takes-any-report',
    bug: 'Whoever reports of a task ends it, whether or not it was given to them.',
    file: 'crew/crew.ts',
    text: 'if (report !== undefined && from !== null) this.#book.reported(from, report.reports);',
    replacement: 'if (report !== undefined) for (const agent of this.#seats.keys()) this.#book.reported(agent, report.reports);',
  },
  {
    name: 'loses-what-the-dead-held',
    bug: 'What a member held that is gone is given to nobody else.',
    file: 'crew/book.ts',
    text: "    if (what === 'again') this.#giveBack(lease);\n    else this.#close(lease);\n",
    replacement: "    if (what !== 'again') this.#close(lease);\n",
  },
  {
    name: 'blames-all',
    bug: 'All that a member held when it died is blamed for it, and not only what it was at.',
    file: 'crew/book.ts',
    text: 'if (worker.leases.length === 1) this.#failed',
    replacement: 'if (worker.leases.length > 0) this.#failed',
  },
  {
    name: 'counts-downtime',
    bug: 'The time in which no kernel was there is held against members.',
    file: 'crew/crew.ts',
    text: '> LATE_MS) this',
    replacement: '> Infinity) this',
  },
  {
    name: 'merges-as-they-come',
    bug: 'Results are merged in the order in which they come.',
    file: 'map-reduce/plan.ts',
    text: 'group.results[index % this.#fanIn] = result;',
    replacement: 'group.results[group.results.length - group.missing] = result;',
  },
  {
    name: 'forgets-the-exit',
    bug: 'A member that failed is not replaced.',
    file: 'crew/crew.ts',
    text: '    yield* this.#replace(ending.agent, reason);\n',
    replacement: '    this.#seats.delete(ending.agent);\n    this.#book.gone(ending.agent, reason);\n',
  },
  {
    name: 'hands-round-for-ever',
    bug: 'While somebody else tries a task that has failed, a third one joins in.',
    file: 'crew/book.ts',
    text: 'if (lease.holders.size > 0) return;',
    replacement: "if (lease.holders.size > 0) return void setOf(this.#slow, lease.task.role ?? ANYBODY).add(lease);",
  },
  {
    name: 'counts-only-answers',
    bug: 'A majority is one of those who have answered.',
    file: 'consensus/tally.ts',
    text: 'const needed = neededOf(rule, total);',
    replacement: "const needed = neededOf(rule, Math.max(1, ballots.filter((ballot) => 'answer' in ballot).length));",
  },
  {
    name: 'obeys-any-chair',
    bug: 'Whoever says that it is decided ends the part of a member in it.',
    file: 'assembly/consensus.ts',
    text: 'serveConsensus(voice, { chair: hub })',
    replacement: 'serveConsensus(voice)',
  },
];
