#!/usr/bin/env node
import 'reflect-metadata';
import { exitCodes } from './exitCodes.ts';
import { run } from './program.ts';

// A reader that closes the pipe early (`lading replay | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

const code = await run(process.argv);
if (code !== exitCodes.ok) process.exitCode = code;
