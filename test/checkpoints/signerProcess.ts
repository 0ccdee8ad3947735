import { Signer } from '#checkpoints/signer';
import { createPool } from '#platform/database/database';

/**
 * A signer in a process of its own, to be killed: `signerProcess.ts URL FOLDER STEP`. It kills itself with SIGKILL at the step:
 * `stored`, `noted` or `published`.
 */
const [url = '', folder = '', step = ''] = process.argv.slice(2);

const die = (at: string) => () => {
  if (at === step) process.kill(process.pid, 'SIGKILL');
};
const signer = new Signer({
  ...{ url, pool: createPool(url), origin: 'log.example' },
  keyFile: { path: `${folder}/signing.key`, setting: 'LADING_DATA' },
  stateFile: `${folder}/signing.published`,
  every: 10,
  observer: { stored: die('stored'), noted: die('noted'), published: die('published') },
});
await signer.run();
