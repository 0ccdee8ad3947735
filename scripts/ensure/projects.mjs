import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * @typedef {object} Project an app or a library, as nest-cli.json lists it
 * @property {string} name
 * @property {'application' | 'library'} type
 * @property {string} root its folder
 * @property {string} sourceRoot
 * @property {string} [entryFile] without `.ts`: what a process of it runs
 */

/** Every app and library of this checkout. @type {readonly Project[]} */
export const projects = readProjects();

function readProjects() {
  /** @type {{projects: Record<string, Omit<Project, 'name'>>}} */
  const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  return Object.entries(projects).map(([name, project]) => ({ name, ...project }));
}

/**
 * The program of an app in a build, from the folder of the checkout.
 * @param {string} app
 */
export function programOf(app) {
  const project = projects.find(({ name, type }) => name === app && type === 'application');
  if (project === undefined) throw new Error(`nest-cli.json lists no app ${app}`);
  return `dist/${project.sourceRoot}/${project.entryFile ?? 'main'}.js`;
}
