/** The profile of seccomp, as each kind of engine takes it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPodman, type EngineInfo } from './engine-info.js';
import { SECCOMP_PROFILE } from './seccomp-profile.js';

/** Docker takes the profile itself; Podman the path of a file on its machine, which is there until `use` has settled. */
export async function withSeccompProfile<Result>(info: EngineInfo, use: (seccomp: string) => Promise<Result>): Promise<Result> {
  if (!isPodman(info)) return use(SECCOMP_PROFILE);
  const directory = await mkdtemp(join(tmpdir(), 'omnipaw-seccomp-'));
  try {
    const file = join(directory, 'profile.json');
    await writeFile(file, SECCOMP_PROFILE, { mode: 0o600 });
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
