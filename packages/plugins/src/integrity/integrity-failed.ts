import { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { PNPM_ADVICE } from '../links.js';

/** `PLUGIN_INTEGRITY_FAILED` about one file; an error of this package that is behind it stays what it is. */
export function integrityFailed(file: string, says: string, cause?: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  return pluginError('PLUGIN_INTEGRITY_FAILED', `${JSON.stringify(file)} in the folder of the plugin ${says}.`, { details: { files: [file], reason: says } });
}

/** What is said of a link. */
export function symbolicLink(file: string): string {
  const advice = /(?:^|\/)node_modules\//.test(file) ? `. ${PNPM_ADVICE}` : '';
  return `is a symbolic link; a plugin has regular files only${advice}`;
}
