#!/usr/bin/env node
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { ConfigError } from '#platform/service/config';
import { exitCodes, UserError } from './exitCodes.ts';
import { buildProgram } from './program.ts';

// A reader that closes the pipe early (`lading replay | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** Reports the error, in one line if the user can correct it. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UserError) {
    console.error(`lading: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) console.error(`lading: ${problem}`);
    return exitCodes.usage;
  }
  console.error(error);
  return exitCodes.failed;
}
