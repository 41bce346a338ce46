/** Bugs that the simulator has to find: each is a small change of one source, as somebody might make it. */

export interface Mutant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly bug: string;
  /** Below `packages/kernel/src`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly replacement: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-sync',
    bug: 'Whoever waits for an entry is told that it is durable when its write begins, not when it has been synced.',
    file: 'logging/logger.ts',
    text: '    this.#isFlushing = true;\n',
    replacement: '    this.#isFlushing = true;\n    this.#durableSeq = lastSeq;\n    this.#callWaiters();\n    this.#tellListeners();\n',
  },
  {
    name: 'apply-before-append',
    bug: 'The state changes before the entry is in the log, and stays changed if the log takes no more entries.',
    file: 'kernel/bus.ts',
    text: '      const { entry, line } = this.#options.log.append(proposal);\n      this.apply(entry);\n',
    replacement:
      '      const { log } = this.#options;\n      this.apply({ busSeq: log.nextSeq, time: 0, ...proposal } as never);\n      const { entry, line } = log.append(proposal);\n',
  },
  {
    name: 'run-before-intent',
    bug: 'A tool runs as soon as its intent is recorded, whether or not that is durable.',
    file: 'tools/gate.ts',
    text: '    log.afterDurable(busSeq, () => { this.#admit(run); });\n  }\n\n  /** Starts the next attempt',
    replacement: '    this.#options.ports.timers.defer(() => { this.#admit(run); });\n  }\n\n  /** Starts the next attempt',
  },
];

/** The sources of a file with the bug in them; throws if the text that it replaces is not there once. */
export function planted({ name, file, text, replacement }: Mutant, source: string): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`The text that mutant "${name}" replaces is in ${file} ${count} times, not once. Bring sim/mutants.ts up to date.`);
  return source.replace(text, () => replacement);
}
