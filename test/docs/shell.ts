import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface Ran {
  readonly code: number;
  /** Standard output. */
  readonly output: string;
  /** Standard error: progress, and what went wrong. */
  readonly said: string;
}

/** One bash for a whole document: what an example sets, the next one sees. */
export class Shell {
  readonly #bash: ChildProcessByStdio<Writable, Readable, null>;

  constructor(cwd: string, environment: Readonly<Record<string, string>>) {
    this.#bash = spawn('bash', ['--noprofile', '--norc'], {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#bash.stdout.setEncoding('utf8');
  }

  /** Runs a script as it stands; resolves when it has ended. */
  async run(script: string): Promise<Ran> {
    const mark = `end-${randomUUID()}`;
    const ended = new Promise<Omit<Ran, 'said'>>((resolve, reject) => {
      let output = '';
      const onData = (chunk: string) => {
        output += chunk;
        const at = output.indexOf(mark);
        const code = /^ (\d+)\n/.exec(output.slice(at + mark.length))?.[1];
        if (at < 0 || code === undefined) return;
        this.#bash.stdout.off('data', onData);
        resolve({ code: Number(code), output: output.slice(0, at) });
      };
      this.#bash.stdout.on('data', onData);
      this.#bash.once('exit', () => {
        reject(new Error(`the shell has ended:\n${output}`));
      });
    });
    // From a file, so that what the script runs does not read the rest of it as its own input.
    const folder = await mkdtemp(join(tmpdir(), 'lading-example-'));
    const file = join(folder, 'example.sh');
    await writeFile(file, script);
    this.#bash.stdin.write(`source ${file} </dev/null 2>${file}.err; echo "${mark} $?"\n`);
    try {
      return { ...(await ended), said: await readFile(`${file}.err`, 'utf8') };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async close(): Promise<void> {
    if (this.#bash.exitCode !== null) return;
    this.#bash.stdin.end();
    await once(this.#bash, 'exit');
  }
}
