import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure/root.mjs';

/**
 * One package of the lock file.
 * @typedef {object} LockedPackage
 * @property {string} path `node_modules/fastify`, or a path below that for a second version of a package
 * @property {string} name as it is published, which is not always the name of its folder
 * @property {string} version
 * @property {string | undefined} license an SPDX expression, as the package declares it
 * @property {boolean} tool needed to build and test Lading only: the image is made without it
 */

/** @typedef {{name?: string, version?: string, license?: string, dev?: boolean, devOptional?: boolean, link?: boolean}} LockEntry */

/**
 * What the lock file names, without Lading itself.
 * @param {string} [file]
 * @returns {LockedPackage[]}
 */
export function lockedPackages(file = join(root, 'package-lock.json')) {
  /** @type {{packages: Record<string, LockEntry>}} */
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.entries(packages).flatMap(([path, { name, version, license, dev, devOptional, link }]) =>
    path === '' || link === true || version === undefined
      ? []
      : [{ path, name: name ?? nameOf(path), version, license, tool: dev === true || devOptional === true }],
  );
}

/** @param {string} path */
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
