/**
 * Settings that outweigh those of a repository, pure.
 *
 * They go by the environment, where a key and its value are apart: of `-c filter.a=b.clean=` git would take `filter.a` for
 * the key. Commands that git starts in turn have them, too.
 */
import { hostError } from '../errors.js';

export type Setting = readonly [key: string, value: string];

/** Set for nothing but to be found again: a git before 2.31 does not know this way. */
const MARK = 'omnipaw.heard';
/** Of the names of programs and their values; Linux gives a process 128 KiB in one variable, and a few MiB in all. */
const MAX_BYTES = 100 * 1024;

/** What is called so in every repository: programs, the network, nested repositories, and files from anywhere. */
const KNOWN: readonly Setting[] = [
  ...pairs('core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.sshCommand=false', 'core.editor=false'),
  ...pairs('commit.gpgSign=false', 'log.showSignature=false', 'gc.auto=0', 'maintenance.auto=false', 'rerere.enabled=false', 'protocol.allow=never'),
  ...pairs('submodule.recurse=false', 'diff.ignoreSubmodules=all', 'diff.submodule=short', 'status.submoduleSummary=false'),
  ...pairs('core.attributesFile=/dev/null', 'mailmap.file=/dev/null', 'diff.orderFile=/dev/null'),
];

function pairs(...texts: readonly string[]): readonly Setting[] {
  return texts.map((text) => text.split('=') as unknown as Setting);
}

/** Finds the settings that name programs under names of anybody's choice. */
export const LISTING: readonly string[] = ['config', '-z', '--includes', '--name-only', '--get-regexp', '^(filter|hook|omnipaw)\\.'];

/** What turns off the programs that `LISTING` has found; throws `GIT_UNAVAILABLE` for a git that has not heard of settings, and `GIT_REFUSED`. */
export function programsOff(listed: string): readonly Setting[] {
  const keys = listed.split('\0').filter((key) => key !== '');
  if (!keys.includes(MARK)) throw hostError('GIT_UNAVAILABLE', 'git could not be asked: it is older than 2.31. Install a newer one.');
  const names = new Set(keys.filter((key) => key !== MARK).map((key) => key.slice(0, key.lastIndexOf('.'))));
  const settings = [...names].flatMap((name) => (/^hook\b/.test(name) ? hookOff(name) : filterOff(name)));
  const bytes = settings.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + value.length, 0);
  if (bytes > MAX_BYTES) throw hostError('GIT_REFUSED', `The repository is not asked: its settings name more programs than can be turned off (${names.size}). Take some out.`);
  return settings;
}

function filterOff(name: string): readonly Setting[] {
  return [[`${name}.clean`, ''], [`${name}.smudge`, ''], [`${name}.process`, ''], [`${name}.required`, 'false']];
}

/** Since 2.54; of several commands the last one counts, and `true` does nothing. */
function hookOff(name: string): readonly Setting[] {
  return [[`${name}.enabled`, 'false'], [`${name}.command`, 'true']];
}

/** The variables that tell git all of its settings. */
export function variables(more: readonly Setting[]): Readonly<Record<string, string>> {
  const settings: readonly Setting[] = [...KNOWN, [MARK, 'true'], ...more];
  const numbered = settings.flatMap(([key, value], at) => [[`GIT_CONFIG_KEY_${at}`, key], [`GIT_CONFIG_VALUE_${at}`, value]]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(numbered) as Record<string, string> };
}
