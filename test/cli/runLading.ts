import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { run } from '#apps/cli/src/program';

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

/** One at a time: what is printed belongs to the one that runs. */
let last: Promise<unknown> = Promise.resolve();

/** Runs a command that reads no standard input, in this process: starting one takes longer than what it does. */
export function askLading(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const ran = last.then(() => captured(args, env));
  last = ran.catch(() => undefined);
  return ran;
}

async function captured(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  let output = '';
  let said = '';
  const { log, error } = console;
  const { exitCode } = process;
  process.exitCode = 0;
  const environment = { ...process.env };
  const [out, err] = [process.stdout, process.stderr].map((stream) => stream.write);
  Object.assign(process.env, env);
  console.log = (text: string) => (output += `${text}\n`);
  console.error = (text: string) => (said += `${text}\n`);
  process.stdout.write = (text: string | Uint8Array) => ((output += String(text)), true);
  process.stderr.write = (text: string | Uint8Array) => ((said += String(text)), true);
  try {
    const ended = await run([process.execPath, join(packageRoot, 'scripts/lading.mjs'), ...args]);
    // A command that did part of its work says so by the status of its process.
    return { code: ended || process.exitCode, output, said };
  } finally {
    process.exitCode = exitCode;
    [process.stdout.write, process.stderr.write] = [out!, err!];
    Object.assign(console, { log, error });
    for (const name of Object.keys(env)) {
      if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = environment[name];
    }
  }
}
