import type { PluginManifest } from './manifest.js';

/** The modules of a plugin, each once: those of its tools and of its agents. */
export function modulesOf({ tools, agents }: Pick<PluginManifest, 'tools' | 'agents'>): readonly string[] {
  return [...new Set([...tools.map(({ handler }) => handler), ...agents.map(({ program }) => program)])];
}
