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
];
