/**
 * What the shell that waits in a container is told to run.
 *
 * It is one compound command, which a shell reads to its end before it does any of it: half a script does nothing. The
 * command is a child without our standard input; beside it waits somebody for the end of that input, which comes when this
 * process ends, however it ends, and who then ends all that is in the container.
 */
import type { Command } from '@omnipaw/host';
import { BEGIN, DISCONNECTED, WORKSPACE } from './container-options.js';

/** As shells say it of what was found and can't be run. */
const NOT_RUN = 126;

export interface Call {
  readonly command: Command;
  /** Relative to the workspace. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export function scriptOf({ command, cwd, env }: Call): string {
  return [
    BEGIN,
    '{',
    ...Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `cd -- ${quoted(cwd === '.' ? WORKSPACE : `${WORKSPACE}/${cwd}`)} || exit ${NOT_RUN}`,
    'exec 3<&0 </dev/null',
    `( exec 3<&-; exec ${command.map(quoted).join(' ')} ) &`,
    'child=$!',
    // By the shell's own end it is known that this has ended it.
    `( read -r end <&3; kill -${DISCONNECTED} $$; kill -9 -1 ) >/dev/null 2>&1 &`,
    // What the shell says of a child that a signal has ended is none of the command's output.
    'exec 3<&- >/dev/null 2>&1',
    'wait "$child"',
    'exit "$?"',
    '}\n',
  ].join('\n');
}

/** As one word, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
