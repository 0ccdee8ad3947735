#!/usr/bin/env node
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { ConfigError } from '#platform/service/config';
import { exitCodes, UserError } from './exitCodes.ts';
import { buildProgram } from './program.ts';
import { say } from './terminal.ts';

// A reader that closes the pipe early (`lading replay | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

try {
  const program = await buildProgram(process.argv[2]);
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** Reports the error, in one line if the user can correct it. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UserError) {
    say(`lading: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) say(`lading: ${problem}`);
    return exitCodes.usage;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.failed;
}
