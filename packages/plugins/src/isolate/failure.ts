import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import type { IsolateJob, IsolateLimits } from './job.js';
import type { Failure } from './protocol.js';
import { mapStack } from './stack.js';
import { MAX_KEPT_CHARS } from './underway.js';

const LIMIT_WORDS: Readonly<Record<keyof IsolateLimits, string>> = {
  fuel: 'steps (fuel)',
  cpuMs: 'milliseconds in the engine',
  memoryBytes: 'bytes of memory',
  stackBytes: 'bytes of stack',
  resultBytes: 'bytes of result',
  resultDepth: 'levels of result',
  maxCalls: 'calls',
  maxPendingCalls: 'calls at once',
  callBytes: 'bytes of arguments of a call',
};

/** What a caller is told of a call that came to no result. */
export function errorOf(failure: Failure, job: IsolateJob): OmniError {
  switch (failure.reason) {
    case 'threw':
      return threwError(failure, job);
    case 'script':
      return pluginError('PLUGIN_FAILED', `The code is no script that the engine takes: ${clean(failure.message)}`);
    case 'limit':
      return limitError(failure.limit, failure.used, job.limits);
    case 'result':
      return pluginError('PLUGIN_RESULT_INVALID', `The handler's result is none: ${clean(failure.message).replace(/\.$/, '')}. Return what JSON can hold.`);
    case 'stalled':
      return pluginError('PLUGIN_FAILED', 'The handler waits for something that never comes: no call is under way. Look for a promise that nobody settles.');
    case 'crashed':
      return pluginError('PLUGIN_CRASHED', clean(failure.message));
  }
}

/** {@link errorOf} for a limit. */
export function limitError(limit: keyof IsolateLimits, used: number, limits: IsolateLimits): OmniError {
  return pluginError('PLUGIN_LIMIT_EXCEEDED', `The plugin has used more ${LIMIT_WORDS[limit]} than it may (${used} of ${limits[limit]}). Let it do less, or load it with a larger "${limit}".`, {
    details: { limit, used, allowed: limits[limit] },
  });
}

/** What a caller is told of a call whose worker had to be ended. */
export function stuckError(used: number, allowed: number): OmniError {
  return pluginError('PLUGIN_LIMIT_EXCEEDED', `The plugin was in one operation of the engine for ${used} ms, which nothing can interrupt. Let it do less at once: huge numbers and texts, or long lists, are what takes so long.`, {
    details: { limit: 'stuckMs', used, allowed },
  });
}

/** What a caller is told of a call that kept more than all others of its owner, when that was too much. */
export function keptError(owner: string, used: number): OmniError {
  const message = `The calls of ${owner === '' ? 'this owner' : `plugin "${owner}"`} that are under way keep more than ${MAX_KEPT_CHARS} characters, and this one keeps most of them, ${used}: its arguments, and what it was answered. Let it ask for less, or call it less at once.`;
  return pluginError('PLUGIN_LIMIT_EXCEEDED', message, { details: { limit: 'keptChars', used, allowed: MAX_KEPT_CHARS } });
}

function threwError({ name, message, stack, code }: Extract<Failure, { reason: 'threw' }>, job: IsolateJob): OmniError {
  const frames = mapStack(stack, job).map((frame) => clean(frame));
  const isOfTheWorld = name === 'Error' && /^[A-Z][A-Z0-9_]+$/.test(code);
  const what = clean([isOfTheWorld ? code : name, message].filter((text) => text !== '').join(': ')).replace(/\.$/, '');
  const where = frames[0] === undefined ? '' : ` (at ${frames[0]})`;
  const details = { ...(name === '' ? {} : { name: clean(name) }), ...(code === '' ? {} : { code: clean(code) }), stack: frames };
  // What a handler that it called threw says what that was, and where.
  if (code === 'PLUGIN_FAILED' && message.startsWith('The handler threw ')) return pluginError('PLUGIN_FAILED', clean(message), { details });
  return pluginError('PLUGIN_FAILED', `The handler threw ${what === '' ? 'something without a message' : what}${where}.`, { details });
}

const MAX_TEXT = 4_096;
const LONE_SURROGATES = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
/** All but tabs and ends of lines: what moves a terminal's cursor, or turns the order of what is read around, has no place in what people read. */
// eslint-disable-next-line no-control-regex -- These are meant.
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** What a guest has said, for the log and for people's terminals. */
export function clean(text: string, maxLength = MAX_TEXT): string {
  return text.slice(0, maxLength).replace(CONTROLS, '\uFFFD').replace(LONE_SURROGATES, '\uFFFD');
}
