import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * Puts an empty cluster where a first start of PostgreSQL would make one, for tests that are not about the first start: making one
 * takes more than a second of processor time, and a copy a tenth of that. Where the run uses a PostgreSQL that runs already, there is
 * nothing to copy, and the start makes its own.
 * @param dataDir that of `startCluster`
 */
export async function putCluster(dataDir: string): Promise<void> {
  const made = process.env.LADING_TEST_CLUSTER;
  if (made === undefined) return;
  await mkdir(dirname(dataDir), { recursive: true, mode: 0o711 });
  // The owners stay, which fs.cp would not do.
  await promisify(execFile)('cp', ['-a', made, dataDir]);
}
