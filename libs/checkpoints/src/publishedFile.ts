import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuseForeign } from '#platform/service/dataFolder';
import type { Tree } from './newest.ts';
import { syncFolder } from './signingKeys.ts';

const LINE = /^(\S+) (0|[1-9]\d{0,15}) ([0-9a-f]{64})$/;
const lineOf = (origin: string, { size, root }: Tree): string =>
  `${origin} ${size} ${Buffer.from(root).toString('hex')}\n`;

/** From here on a file is written anew, with the newest line of each log, when that takes out three quarters of it. */
const LARGE = 1_000_000;

/**
 * What was published, in a file of the signer's own: a line for each checkpoint, on the disk before that is published. A database that was
 * restored from an old backup knows nothing of the newest ones, and this file does.
 */
export class PublishedFile {
  readonly #newest: Map<string, Tree>;
  #handle: FileHandle;
  #bytes = 0;
  #least = 0;

  private constructor(
    private readonly path: string,
    newest: Map<string, Tree>,
    handle: FileHandle,
  ) {
    this.#newest = newest;
    this.#handle = handle;
  }

  /** @throws when the file is not what was written here: then nobody knows any more what was published */
  static async open(path: string): Promise<PublishedFile> {
    const newest = await read(path);
    const { handle, bytes } = await writeAnew(path, newest);
    const file = new PublishedFile(path, newest, handle);
    file.#bytes = bytes;
    file.#least = bytes;
    return file;
  }

  /** By origin. */
  get newest(): ReadonlyMap<string, Tree> {
    return this.#newest;
  }

  /**
   * Resolves when the line is on the disk. After a failure the file has to be opened again: a part of the line may be in it, or somebody
   * else has written it anew. That is a signer that took this one's place, or one whose place this one took, and which was frozen meanwhile.
   */
  async append(origin: string, tree: Tree): Promise<void> {
    const line = lineOf(origin, tree);
    await this.#handle.appendFile(line);
    await this.#handle.datasync();
    const [own, there] = await Promise.all([this.#handle.stat(), stat(this.path)]);
    if (own.ino !== there.ino) throw new Error(`${this.path} was written anew by another signer`);
    this.#newest.set(origin, tree);
    this.#bytes += line.length;
    if (this.#bytes < LARGE || this.#bytes < 4 * this.#least) return;
    await this.#handle.close();
    const { handle, bytes } = await writeAnew(this.path, this.#newest);
    this.#handle = handle;
    this.#bytes = bytes;
    this.#least = bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function read(path: string): Promise<Map<string, Tree>> {
  const newest = new Map<string, Tree>();
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return newest;
  await refuseForeign(path);
  // What stands after the last line end was being written when the process was killed, and was not published.
  for (const line of text.split('\n').slice(0, -1)) {
    const [, origin = '', size = '', root = ''] = LINE.exec(line) ?? [];
    if (root === '')
      throw new Error(
        `${path} is damaged: put back a copy of it, or remove it if the database was never restored from a backup`,
      );
    if (Number(size) >= (newest.get(origin)?.size ?? 0))
      newest.set(origin, { size: Number(size), root: Buffer.from(root, 'hex') });
  }
  return newest;
}

/** With one line for each log; whoever is killed in between leaves the old file as it was. */
async function writeAnew(
  path: string,
  newest: ReadonlyMap<string, Tree>,
): Promise<{ handle: FileHandle; bytes: number }> {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const handle = await open(draft, 'ax', 0o600);
  const text = [...newest].map(([origin, tree]) => lineOf(origin, tree)).join('');
  await handle.appendFile(text);
  await handle.sync();
  await rename(draft, path);
  await syncFolder(dirname(path));
  return { handle, bytes: text.length };
}
