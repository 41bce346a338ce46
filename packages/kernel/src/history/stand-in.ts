import type { RawEntry } from '../logging/index.js';
import { unchecked, type Tool } from '../tools/index.js';

/**
 * In the place of a tool that is not here: nothing runs in a replay, and all that a program could notice is on record.
 *
 * What its schema said of arguments is known from what came of them: `next` is the entry that has to be made next.
 */
export function standIn(name: string, origin: string, next: () => RawEntry | undefined): Tool {
  const refusal = (): string | undefined => {
    const { kind, data } = next() ?? {};
    const { code, details } = (kind === 'REFUSED' ? data?.['error'] : {}) as { readonly code?: string; readonly details?: { readonly issues?: string } };
    return code === 'TOOL_INPUT_INVALID' ? (details?.issues ?? '') : undefined;
  };
  const validate: ReturnType<typeof unchecked>['~standard']['validate'] = (value) => {
    const issues = refusal();
    return issues === undefined ? { value } : { issues: [{ message: issues }] };
  };
  const input = { '~standard': { ...unchecked()['~standard'], validate } };
  return { name, version: '', description: '', origin, input, idempotent: false, timeoutMs: 1, run: () => undefined };
}
