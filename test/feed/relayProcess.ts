import { Relay } from '#apps/relay/src/relay';
import { createPool } from '#platform/database/database';

/**
 * A relay in a process of its own, to be killed: `relayProcess.ts URL BROKER TOPIC [die]`. Says `publishing` when it does. With
 * `die` it kills itself with SIGKILL when the broker has acknowledged its first batch: before the cursor can be stored.
 */
const [url = '', broker = '', topic = '', die] = process.argv.slice(2);

const relay = new Relay({
  url,
  pool: createPool(url),
  brokers: [broker],
  clientId: 'test-relay',
  topic: { topic, partitions: 2 },
  observer: {
    leading: (leading) => {
      if (leading) process.stdout.write('publishing\n');
    },
    published: () => {
      if (die === 'die') process.kill(process.pid, 'SIGKILL');
    },
  },
});
await relay.run();
