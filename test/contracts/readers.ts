import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';

/** Something that an event says, as JSON has it. */
export type Said = { readonly text: string } | { readonly day: string } | { readonly moment: string };

/** A reader in another language, with nothing but what that language reads dates and JSON with. */
export interface Reader {
  readonly language: string;
  /** Why it cannot run here; undefined: it can. */
  readonly missing: string | undefined;
  /** Whether it leaves out what is beyond a microsecond. */
  readonly microseconds?: boolean;
  /** What it read of each line, in words of its own: bytes in hex, a day's number, or the seconds and nanoseconds of a moment. */
  read(lines: readonly string[]): Promise<string[]>;
}

const folder = join(packageRoot, 'test/contracts/readers');

const has = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

async function piped(program: string, args: readonly string[], lines: readonly string[]): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on('error', () => undefined).end(lines.map((line) => `${line}\n`).join(''));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${program} cannot read it:\n${said.slice(-2_000)}`);
  return output.trimEnd().split('\n');
}

/** Java has no JSON of its own: the one that Kafka brings. */
function jackson(): string | undefined {
  const kafka = join(packageRoot, '.cache/kafka');
  try {
    const jars = readdirSync(kafka, { recursive: true, encoding: 'utf8' });
    const jar = jars.find((path) => /jackson-databind-[\d.]+\.jar$/.test(path));
    return jar === undefined ? undefined : join(kafka, dirname(jar), '*');
  } catch {
    return undefined;
  }
}

/** Every reader, whether it can run here or not. */
export function readers(): readonly Reader[] {
  const classPath = jackson();
  const noJava = has('java', '-version') ? undefined : 'there is no java on the PATH';
  return [
    {
      language: 'Java',
      missing:
        noJava ?? (classPath === undefined ? 'the jars of Kafka, with its JSON reader, are not there' : undefined),
      read: (lines) => piped('java', ['-cp', classPath ?? '', join(folder, 'Read.java')], lines),
    },
    {
      language: 'Python',
      // Before 3.11 its reader of dates knew less than RFC 3339.
      missing: has('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))')
        ? undefined
        : 'there is no python3 of version 3.11 or later on the PATH',
      microseconds: true,
      read: (lines) => piped('python3', [join(folder, 'read.py')], lines),
    },
    {
      language: 'Go',
      missing: has('go', 'version') ? undefined : 'there is no go on the PATH',
      read: (lines) => piped('go', ['run', join(folder, 'read.go')], lines),
    },
  ];
}
