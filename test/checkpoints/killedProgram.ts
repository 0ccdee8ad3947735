import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { programOf } from '#scripts/ensure/projects.mjs';

/** `lading …` of the build in a process of its own, which kills itself with SIGKILL at a step: `killAt.mjs` says which there are. */
export async function killedProgram(
  step: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  await ensureBuild();
  const kills = new URL('./killAt.mjs', import.meta.url).href;
  return spawn(process.execPath, ['--import', kills, join(packageRoot, programOf('cli')), ...args], {
    env: { ...process.env, ...env, LADING_TEST_KILL_AT: step },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
