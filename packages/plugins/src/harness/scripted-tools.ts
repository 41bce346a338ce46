/** Tools of the kernel by a script: files, commands, whatever else a plugin may ask for. */
import { defineTool, toJson, unchecked, type JsonObject, type Tool } from '@omnipaw/kernel';

/** By the names of the tools (`host.fs.read_file`, `host.system.bash`), what they answer; what they throw is what the plugin gets. */
export type ScriptedTools = Readonly<Record<string, (args: JsonObject) => unknown>>;

export function scriptedTools(scripts: ScriptedTools): readonly Tool[] {
  return Object.entries(scripts).map(([name, script]) =>
    defineTool({ name, description: 'Answers by a script.', idempotent: true, input: unchecked<JsonObject>(), run: async (args) => toJson((await script(args)) ?? null) }),
  );
}
