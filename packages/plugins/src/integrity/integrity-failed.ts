import { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';

/** `PLUGIN_INTEGRITY_FAILED` about one file; an error of this package that is behind it stays what it is. */
export function integrityFailed(file: string, says: string, cause?: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  return pluginError('PLUGIN_INTEGRITY_FAILED', `${JSON.stringify(file)} in the folder of the plugin ${says}.`, { details: { files: [file], reason: says } });
}

/** How pnpm makes a folder of packages that has files of its own and no links. */
export const PNPM_ADVICE = 'With pnpm, set "nodeLinker: hoisted" and "packageImportMethod: copy"';
/** What is said of a file that may be that of somebody else, too. */
export const HARD_LINK = `has another name, too, perhaps outside of the folder (a hard link). Put a copy in its place. ${PNPM_ADVICE}`;

/** What is said of a link. */
export function symbolicLink(file: string): string {
  const advice = /(?:^|\/)node_modules\//.test(file) ? `. ${PNPM_ADVICE}` : '';
  return `is a symbolic link; a plugin has regular files only${advice}`;
}
