import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly said: string;
}

/** Runs the command line as a user does: a process of its own, standard input closed unless it is given. */
export async function runLading(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ran> {
  const child = spawn(process.execPath, [join(packageRoot, 'scripts/lading.mjs'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  // A command that refuses its arguments does not read its input.
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, said };
}
