/** Tools that are known to be at work until they really are not: a kernel that stops tells them so, and waits for none of them. */
import type { Tool } from '@omnipaw/kernel';

/** For what a tool puts in order when it is told to stop: it removes a container, it closes a connection. */
const PATIENCE_MS = 3_000;

export class ToolEnds {
  readonly #running = new Set<Promise<unknown>>();

  watch(tools: readonly Tool[]): readonly Tool[] {
    return tools.map((tool) => {
      const run: Tool['run'] = (args, context) => {
        const result = tool.run(args, context);
        if (result instanceof Promise) this.#add(result);
        return result;
      };
      // With what is asked anew at each call, such as where a plugin's tool comes from by now.
      return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(tool), run: { value: run, enumerable: true } }) as Tool;
    });
  }

  /** Resolves when all of them have ended, or do not for long. */
  async settled(): Promise<void> {
    if (this.#running.size === 0) return;
    let impatience: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { impatience = setTimeout(resolve, PATIENCE_MS); });
    await Promise.race([Promise.allSettled(this.#running), late]);
    clearTimeout(impatience);
  }

  #add(running: Promise<unknown>): void {
    const over = (): void => { this.#running.delete(running); };
    this.#running.add(running);
    running.then(over, over);
  }
}
