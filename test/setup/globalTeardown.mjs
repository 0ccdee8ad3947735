import { rm } from 'node:fs/promises';
import { services } from './services.mjs';

export default async function globalTeardown() {
  services.starter?.close();
  const kafka = await services.kafka?.catch(() => undefined);
  // Nobody reads this data again, so the servers need not stop cleanly.
  await Promise.all([kafka?.kill(), services.postgres?.kill('SIGQUIT')]);
  if (services.folder !== undefined) await rm(services.folder, { recursive: true, force: true, maxRetries: 3 });
}
