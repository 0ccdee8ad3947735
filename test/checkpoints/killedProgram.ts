import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).href;

/** `lading …` in a process of its own, which kills itself with SIGKILL at a step: `killAt.mjs` says which there are. */
export function killedProgram(
  step: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const loads = ['test/setup/typescript.mjs', 'test/checkpoints/killAt.mjs'].flatMap((path) => ['--import', at(path)]);
  const program = ['--conditions=source', ...loads, fileURLToPath(at('apps/cli/src/main.ts')), ...args];
  return spawn(process.execPath, program, {
    env: { ...process.env, ...env, LADING_TEST_KILL_AT: step },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
