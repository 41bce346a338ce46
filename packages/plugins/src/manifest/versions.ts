/** Versions and ranges of them, by the rules of npm. */
import semver from 'semver';
import { shown } from '../schemas/index.js';

/** What is wrong with a version, as what comes after its place; undefined for a good one. */
export function versionProblem(text: string): string | undefined {
  if (/^\d/.test(text) && !/\s/.test(text) && semver.parse(text) !== null) return undefined;
  const meant = semver.coerce(text.slice(0, 100))?.version;
  const hint = meant === undefined ? '' : ` Write ${shown(meant)}?`;
  return `must be a version by the rules of semantic versioning (1.2.3, 1.2.3-beta.1); found ${shown(text)}.${hint}`;
}

/** What is wrong with a range of kernel versions, or undefined. Prereleases count as what lies between their neighbours. */
export function rangeProblem(text: string, kernelVersion: string | undefined): string | undefined {
  if (semver.validRange(text) === null) return `must be a range of versions as npm has them (">=0.1.0 <0.2.0", "^0.1.0"); found ${shown(text)}`;
  if (kernelVersion === undefined || semver.satisfies(kernelVersion, text, { includePrerelease: true })) return undefined;
  return `does not hold the kernel that is here, ${kernelVersion}; found ${shown(text)}. Take a version of the plugin that works with it, or another kernel`;
}
