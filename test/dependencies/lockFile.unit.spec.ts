import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { compareVersions } from '#scripts/dependencies/compareVersions.mjs';
import { lockedPackages } from '#scripts/dependencies/lockedPackages.mjs';

interface Entry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as unknown;
const manifest = read('package.json') as { dependencies: Record<string, string> };
const { packages } = read('package-lock.json') as { packages: Record<string, Entry> };
const locked = (name: string) => lockedPackages().filter((one) => one.name === name);

/** Node looks in the package's own node_modules, then in those of each folder above it. */
function isLocked(name: string, from: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

describe('the lock file', () => {
  it('names every package that a locked package asks for, for every platform, so that npm ci takes the file', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) => {
      const peers = Object.keys(entry.peerDependencies ?? {}).filter(
        (name) => entry.peerDependenciesMeta?.[name]?.optional !== true,
      );
      const asked = [
        ...Object.keys(entry.dependencies ?? {}),
        ...Object.keys(entry.optionalDependencies ?? {}),
        ...peers,
      ];
      return asked.filter((name) => !isLocked(name, path)).map((name) => `${path} asks for ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it('has one fastify, which is the one that package.json names, also for @nestjs/platform-fastify', () => {
    expect(locked('fastify').map(({ path, version }) => [path, version])).toEqual([
      ['node_modules/fastify', manifest.dependencies.fastify],
    ]);
  });

  it.each([
    // Four advisories: requests that get round the validation of bodies, and one round authentication.
    ['fastify', '5.12.2'],
    // GHSA-c96f-x56v-gq3h; of this one there are two copies.
    ['find-my-way', '9.7.0'],
    // GHSA-5jgf-p345-68v8, GHSA-f65p-4m7j-42xc, GHSA-fph4-wmhf-6fwf, GHSA-jqff-g426-hqxp.
    ['fast-uri', '3.1.6'],
  ])('has no %s older than %s, which mended advisories of high severity', (name, mended) => {
    const versions = locked(name).map(({ version }) => version);
    expect(versions).not.toHaveLength(0);
    expect(versions.filter((version) => compareVersions(version, mended) < 0)).toEqual([]);
  });
});
