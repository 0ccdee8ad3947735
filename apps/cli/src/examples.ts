import type { Command } from 'commander';
import { join, relative } from 'node:path';
import { packageRoot } from './packageRoot.ts';

const WIDTH = 80;

/** How this command line was called: what a help or an advice says can be typed as it stands. */
export function calledAs(): string {
  const event = process.env.npm_lifecycle_event;
  if (event === 'lading' || event === 'start') return 'npm run -s lading --';
  if (!/scripts[/\\](lading|start)\.mjs$/.test(process.argv[1] ?? '')) return 'lading';
  return `node ${relative(process.cwd(), join(packageRoot, 'scripts/lading.mjs'))}`;
}

/** Adds examples to the help of a command. They begin with `lading`, or have it after a pipe, and are shown as it was called. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const lines = () => examples.map((example) => wrapped(example.replace(/(?<=^|\| |\d )lading/, calledAs())));
  return command.addHelpText('after', () => `\nExample${examples.length > 1 ? 's' : ''}:\n${lines().join('\n')}\n`);
}

/** A command line as a shell takes it over several lines. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = ' ';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length + 2 > WIDTH) {
      lines.push(`${line} \\`);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
