import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { type Lading, startLading } from '#test/setup/startLading';

/** What the last stage of the Dockerfile copies, from here or from an earlier stage: paths of the checkout. */
async function copiedIntoTheImage(): Promise<string[]> {
  const text = await readFile(join(packageRoot, 'docker/Dockerfile'), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  return [...last.matchAll(/^COPY (?:--from=\w+ )?(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' ').map((path) => path.replace(/^[/]app[/]/, '')),
  );
}

describe('the image', () => {
  let folder: string;
  let lading: Lading;
  beforeAll(async () => {
    await ensureBuild();
    folder = await realpath(await mkdtemp(join(tmpdir(), 'lading-image-')));
    for (const path of await copiedIntoTheImage()) {
      // The packages are the same, and many; a link leads Node to them and to nothing else of the checkout.
      if (path === 'node_modules') await symlink(join(packageRoot, path), join(folder, path));
      else await cp(join(packageRoot, path), join(folder, path), { recursive: true });
    }
    lading = await startLading();
  });
  afterAll(async () => {
    await lading.stop();
    await rm(folder, { recursive: true });
  });

  it('plays the demo from the files that the Dockerfile copies, and has no others', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/apps/cli/src/main.js', 'demo'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...lading.environment },
    });
    expect(stdout).toContain('The memo: the swap is agreed and executed, X receives (');
    expect(stdout).toContain('│ x     │ x               │ H100 │ PO-TSLA-1 line 1 │ held  │ 12,000 │');
  });
});
