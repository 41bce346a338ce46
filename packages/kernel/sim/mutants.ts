/** Bugs that the simulator has to find: each is a small change of one source, as somebody might make it. */
import type { Mutant } from '../../../testing/planted-worker.js';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-sync',
    bug: 'Whoever waits for an entry is told that it is durable when its write begins, not when it has been synced.',
    file: 'logging/logger.ts',
    text: '    this.#isFlushing = true;\n',
    replacement: '    this.#isFlushing = true;\n    this.#durableSeq = lastSeq;\n    this.#callWaiters();\n    this.#tellListeners();\n',
  },
  {
    name: 'run-before-intent',
    bug: 'A tool runs as soon as its intent is recorded, whether or not that is durable.',
    file: 'tools/gate.ts',
    text: '    log.afterDurable(busSeq, () => { this.#admit(run); });\n  }\n\n  /** @internal Starts the next attempt',
    replacement: '    this.#options.ports.timers.defer(() => { this.#admit(run); });\n  }\n\n  /** @internal Starts the next attempt',
  },
  {
    name: 'sync-error-ignored',
    bug: 'A write that failed is taken for one that is durable, and the kernel goes on.',
    file: 'logging/logger.ts',
    text: '      (cause: unknown) => { this.#fail(cause); },\n',
    replacement: '      () => { this.#flushed(lastSeq); },\n',
  },
  {
    name: 'repeats-everything',
    bug: 'After a crash every call without a result is made again, whether or not its tool is idempotent.',
    file: 'tools/gate.ts',
    text: "return this.#options.registry.get(opened['tool'] as string).idempotent;",
    replacement: "return this.#options.registry.get(opened['tool'] as string).name !== '';",
  },
  {
    name: 'key-of-each-start',
    bug: 'The id in the idempotency keys is that of the start of the kernel, not that of the log.',
    file: 'kernel/open-log.ts',
    text: 'end.nextSeq === 0 ? newLogId(host.ports.random) : await storedLogId(config, host, end.nextSeq)',
    replacement: 'newLogId(host.ports.random)',
  },
  {
    name: 'half-a-step',
    bug: 'What a crash left of the last step is taken for the whole of it.',
    file: 'kernel/recover.ts',
    text: '  for (const recorded of lastStep.entries) oracle.expect(recorded);\n',
    replacement: '  for (const { entry } of lastStep.entries) foldEntry(entry, (folded) => { parts.bus.apply(folded); });\n',
  },
  {
    name: 'missed-deadline',
    bug: 'A deadline that passed while no kernel was there is never met.',
    file: 'execution/alarm.ts',
    text: '    if (at >= this.#armedFor) return;\n',
    replacement: '    if (at >= this.#armedFor || at < this.#options.ports.clock.now()) return;\n',
  },
  {
    name: 'progress-too-late',
    bug: 'What a tool says while it runs is recorded also when its call is over.',
    file: 'tools/gate.ts',
    text: 'this.#isWanted(run, attempt) && pending.find(agent, tick, call) !== undefined;',
    replacement: "attempt.tool !== '' && tick > 0 && call >= 0 && pending !== undefined;",
  },
];
