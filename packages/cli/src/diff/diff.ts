/** `omnipaw diff`: where two logs say something else. */
import { diff as diffLogs, type LogDiff } from '@omnipaw/diff';
import { FileLogReader, OmniError, verify } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import type { Session } from '../session.js';
import { LiveLine } from '../terminal/live-line.js';
import { diffLines } from './diff-text.js';

export interface DiffOptions {
  /** Only what this agent did. */
  readonly agent?: string;
  readonly json?: boolean;
}

export async function diff(logs: readonly [a: string, b: string], { agent, json }: DiffOptions, { host, out }: Session): Promise<number> {
  for (const log of logs) assertLogDirectory(log);
  const live = new LiveLine(host.stderr, () => 'Comparing the logs');
  let found: LogDiff;
  try {
    found = await diffLogs(new FileLogReader(logs[0]), new FileLogReader(logs[1]));
  } catch (thrown) {
    throw await ofDamaged(logs, thrown);
  } finally {
    live.stop();
  }
  if (agent !== undefined) found = onlyOf(agent, found);
  if (json === true) await out.json(found);
  else for (const line of diffLines(found, { logs, ink: out.ink, width: out.width })) await out.line(line);
  return found.isSame ? EXIT.ok : EXIT.failed;
}

/** Says which of the logs is damaged. */
async function ofDamaged(logs: readonly string[], thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof OmniError) || thrown.code !== 'LOG_CORRUPT') return thrown;
  const { code, message, details } = thrown;
  const verdicts = await Promise.all(logs.map(async (log) => ({ log, ...(await verify(new FileLogReader(log))) })));
  const damaged = verdicts.filter(({ integrity }) => integrity === 'BROKEN').map(({ log }) => log);
  return new OmniError(code, `${damaged.join(' and ')}: ${message}`, { ...(details === undefined ? {} : { details }), cause: thrown });
}

function onlyOf(agent: string, { agents, onlyInA, onlyInB, header, known }: LogDiff): LogDiff {
  if (!known.includes(agent)) {
    throw new OmniError('AGENT_NOT_FOUND', `There is no agent "${agent}" in either log. Agents: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}.`);
  }
  const own = agents.filter((difference) => difference.agent === agent);
  return {
    isSame: own.length === 0,
    ...(own[0] === undefined ? {} : { first: own[0] }),
    agents: own,
    onlyInA: onlyInA.filter((id) => id === agent),
    onlyInB: onlyInB.filter((id) => id === agent),
    header,
    known,
  };
}
