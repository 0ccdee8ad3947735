import { Signer } from '#checkpoints/signer';
import { createPool } from '#platform/database/database';

/**
 * A signer in a process of its own, to be killed or frozen: `signerProcess.ts URL FOLDER STEP [SIGNAL [BROKERS TOPIC]]`. It sends itself
 * the signal (SIGKILL) at the step, `stored`, `noted` or `published`, the first time that it gets there.
 */
const [url = '', folder = '', step = '', signal = 'SIGKILL', brokers = '', topic = ''] = process.argv.slice(2);

let isDone = false;
const stop = (at: string) => () => {
  if (at !== step || isDone) return;
  isDone = true;
  process.kill(process.pid, signal);
};
const signer = new Signer({
  ...{ url, pool: createPool(url), origin: 'log.example' },
  keyFile: { path: `${folder}/signing.key`, setting: 'LADING_DATA' },
  stateFile: `${folder}/signing.published`,
  ...(topic !== '' && {
    kafka: { brokers: brokers.split(','), clientId: 'test-frozen', topic: { topic, partitions: 1 } },
  }),
  every: 10,
  observer: { stored: stop('stored'), noted: stop('noted'), published: stop('published') },
});
await signer.run();
