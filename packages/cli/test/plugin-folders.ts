/** Folders of plugins for tests. */
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './command.js';

export const COUNTER = {
  name: 'plugin-counter',
  version: '1.0.0',
  description: 'Counts.',
  license: 'MIT',
  omnipaw: '>=0.0.0',
  permissions: ['memory'],
  tools: [{ name: 'counter.count', description: 'Counts on.', input: { type: 'object', properties: { step: { type: 'integer' } }, required: ['step'] }, handler: 'count.ts' }],
  agents: [{ type: 'counter.twice', program: 'twice.ts', grants: ['call:counter.count'] }],
};

const COUNT = `
import { definePluginTool } from '@omnipaw/plugins';
export default definePluginTool(async ({ step }: { step: number }, ctx) => {
  const count = Number((await ctx.memory.get('count')) ?? 0) + step;
  await ctx.memory.set('count', count);
  return count;
});
`;
const TWICE = `
export default async (step, ctx) => {
  await ctx.tool('counter.count', { step });
  return ctx.tool('counter.count', { step });
};
`;

/** A folder with a plugin that counts, as `manifest` says. */
export function counterIn(plugins: string, manifest: object = COUNTER, name = 'plugin-counter'): string {
  const folder = path.join(plugins, name);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify(manifest, null, 2));
  fs.writeFileSync(path.join(folder, 'count.ts'), COUNT);
  fs.writeFileSync(path.join(folder, 'twice.ts'), TWICE);
  return folder;
}

/** A folder for folders of plugins. */
export function pluginsFolder(): string {
  return path.join(temporaryFolder(), 'plugins');
}

/** A file of what plugins are granted. */
export function grantsFile(grants: unknown = { 'plugin-counter': ['memory'] }): string {
  const file = path.join(temporaryFolder(), 'plugins.grants.json');
  fs.writeFileSync(file, JSON.stringify(grants));
  return file;
}
