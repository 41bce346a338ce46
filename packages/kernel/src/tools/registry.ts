import { OmniError } from '../errors/index.js';
import type { Tool } from './define-tool.js';

/** The tools that agents can be granted; filled before boot, so that their digests are in the log's header. */
export class ToolRegistry {
  readonly #tools = new Map<string, Tool>();

  register(tool: Tool): void {
    if (this.#tools.has(tool.name)) {
      throw new OmniError('ALREADY_REGISTERED', `Tool "${tool.name}" is registered already. Give one of the two another name.`);
    }
    this.#tools.set(tool.name, tool);
  }

  /** As it is at this moment. Throws `TOOL_NOT_REGISTERED`, naming what is there. */
  get(name: string): Tool {
    const tool = this.#tools.get(name);
    if (tool !== undefined) return tool.present === undefined ? tool : tool.present();
    const known = [...this.#tools.keys()].join(', ');
    throw new OmniError(
      'TOOL_NOT_REGISTERED',
      `Tool "${name}" is not registered. Registered tools: ${known === '' ? 'none' : known}. Register it before boot.`,
      { details: { tool: name } },
    );
  }

  has(name: string): boolean {
    return this.#tools.has(name);
  }

  all(): IterableIterator<Tool> {
    return this.#tools.values();
  }
}
