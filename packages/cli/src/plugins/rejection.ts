/** Why a plugin is not taken, in lines for people: with where to grant what is missing, and what to install. */
import { OmniError } from '@omnipaw/kernel';
import type { PermissionSpec } from '@omnipaw/plugins';
import { describeFailure } from '../failure.js';
import { failureLines } from './examine.js';
import { entryFor, type PluginGrants } from './grants.js';

/** What plugins are granted, and in which file that stands. */
export interface Granted {
  readonly grants: PluginGrants;
  readonly file: string;
}

export function rejectionLines(thrown: unknown, { grants, file }: Granted): readonly string[] {
  if (!(thrown instanceof OmniError)) return [describeFailure(thrown)];
  const { plugin = '', needs, missing = [] } = (thrown.details ?? {}) as { readonly plugin?: string; readonly needs?: string; readonly missing?: readonly { readonly permission: PermissionSpec }[] };
  if (needs === 'fetchTool') return [`${thrown.code}: Plugin "${plugin}" uses the network, for which the package @omnipaw/host is needed: npm install @omnipaw/host`];
  if (thrown.code !== 'PLUGIN_PERMISSION_MISSING') return failureLines(thrown);
  const granted = Object.hasOwn(grants, plugin) ? grants[plugin]! : [];
  return [...failureLines(thrown), `That is in ${file}: ${entryFor(plugin, granted, missing.map(({ permission }) => permission))}`];
}
