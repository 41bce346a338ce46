import { AssertionError } from 'node:assert/strict';
import { replay, type LogReader, type ReplayOptions, type ReplayReport } from '@omnipaw/kernel';

/** What takes part in a replay: what the kernel was given that wrote the log. */
export type ReplayCast = Pick<ReplayOptions, 'agents' | 'tools' | 'extensions' | 'pin'>;

/**
 * Asserts that the agents do again exactly what the log says that they did; answers the report.
 *
 * Rejects with an AssertionError that says where they do something else, with what the log has as `expected` and what they do
 * now as `actual`.
 */
export async function assertReplays(log: LogReader, cast: ReplayCast): Promise<ReplayReport> {
  const report = await replay(log, cast);
  const isPinned = cast.pin === undefined || report.completeness === 'COMPLETE';
  if (report.replay === 'REPRODUCED' && report.integrity === 'INTACT' && isPinned) return report;
  const { divergence } = report;
  throw new AssertionError({
    message: messageOf(report),
    expected: divergence?.expected,
    actual: divergence?.actual,
    operator: 'assertReplays',
    stackStartFn: assertReplays,
  });
}

function messageOf({ replay, integrity, completeness, divergence, firstBad, changed }: ReplayReport): string {
  if (divergence === undefined) {
    const place = firstBad === undefined ? '' : ` It is damaged in segment ${firstBad.segment} at byte ${firstBad.byteOffset}.`;
    return `The log is ${integrity} and ${completeness}, and its replay ${replay}.${place}`;
  }
  const { busSeq, agent, tick, message, differences } = divergence;
  const place = [`entry ${busSeq}`, ...(agent === null ? [] : [`agent "${agent}"`]), ...(tick === null ? [] : [`tick ${tick}`])].join(', ');
  return [
    `The replay diverges at ${place}: ${message}`,
    ...differences.map(({ path, expected, actual }) => `  ${path}: expected ${shown(expected)}, actual ${shown(actual)}`),
    ...changed.map(({ what, name }) => `  The ${what} "${name}" is not what it was.`),
  ].join('\n');
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
