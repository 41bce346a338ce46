/**
 * Real components that some tests need and a machine may lack.
 *
 * A test that needs one says so by its title and is skipped, visibly, where it is missing.
 * `.ci/run` installs every one of them and accepts no skipped test.
 */
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

/** A Node of 22.15 or newer: this one, or one that `.ci/run` has installed beside it. */
export const NODE_22 = process.env['OMNIPAW_NODE_22'] ?? process.execPath;

/** How to find out whether a component is here: a command that succeeds. */
const PROBES = {
  chromium: ['/usr/bin/chromium', '--version'],
  docker: ['docker', 'version'],
  git: ['git', '--version'],
  // Whether a user may give containers limits depends on how they have logged in; root may.
  podman: ['sh', '-c', '[ "$(id -u)" = 0 ] && podman --version'],
  openssl: ['openssl', 'version'],
  python3: ['python3', '--version'],
  prometheus: ['sh', '-c', 'prometheus --version && promtool --version'],
  // What needs it runs on it, whatever the tests themselves run on.
  node22: ['sh', '-c', `"${NODE_22}" -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 22 || (major == 22 && minor >= 15) ? 0 : 1)'`],
} as const;

export type Component = keyof typeof PROBES;

/** A `describe` whose tests need a real component. */
export function describeWith(component: Component, title: string, body: () => void): void {
  const [command, ...args] = PROBES[component];
  const isHere = spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (!isHere) console.warn(`Skipped, because ${component} is not on this machine: ${title}`);
  describe.skipIf(!isHere)(`${title} [needs ${component}]`, body);
}
