import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder for servers. PostgreSQL's own user may pass through it, or its data would go elsewhere where root runs the tests.
 * @param name the beginning of its name
 */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `lading-${name}-`));
  await chmod(folder, 0o711);
  return folder;
}
