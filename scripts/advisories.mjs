import { advisories } from './dependencies/advisories.mjs';

// Run by a person, or by a job that somebody set up: nothing in Lading runs it, because it may use the network.
process.exitCode = await advisories(process.argv.slice(2), (text) => process.stdout.write(text));
