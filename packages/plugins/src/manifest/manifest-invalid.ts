import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { inOneLine, type Problem } from '../schemas/index.js';

/** What is wrong at one place of a manifest. */
export interface ManifestProblem extends Problem {
  /** Where that is in the text, from 1; not there for what is not in the text. */
  readonly line?: number;
  readonly column?: number;
}

const MAX_SHOWN_PROBLEMS = 30;

/** `PLUGIN_MANIFEST_INVALID`, with a line for each problem. `name` is what the manifest is called. */
export function manifestInvalid(name: string, problems: readonly ManifestProblem[]): OmniError {
  const [first] = problems;
  const isOfTheWhole = problems.length === 1 && first?.path === '' && first.line === undefined;
  const lines = problems.slice(0, MAX_SHOWN_PROBLEMS).map(({ path: place, line, message }) => {
    const at = line === undefined ? '' : ` (line ${line})`;
    return `  ${place === '' ? 'the manifest' : inOneLine(place)}${at}: ${message}`;
  });
  const more = problems.length > MAX_SHOWN_PROBLEMS ? [`  and ${problems.length - MAX_SHOWN_PROBLEMS} more`] : [];
  const details = { manifest: name, problems: problems.slice(0, MAX_SHOWN_PROBLEMS).map((problem) => ({ ...problem })) };
  const count = problems.length === 1 ? 'one place' : `${problems.length} places`;
  const text = isOfTheWhole ? `${inOneLine(name)} ${first.message}.` : [`${inOneLine(name)} is not as it should be, in ${count}:`, ...lines, ...more].join('\n');
  return pluginError('PLUGIN_MANIFEST_INVALID', text, { details });
}
