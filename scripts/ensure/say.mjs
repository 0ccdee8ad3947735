const AGAIN_EVERY_MS = 5_000;

/**
 * Says something to the person at the terminal: on standard error, because standard output may be read by a program.
 * @param {string} message
 */
export function say(message) {
  process.stderr.write(`${message}\n`);
}

/**
 * Says what is being done, how far it is while it lasts, and how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @param {() => string} [howFar]
 * @returns {Promise<T>}
 */
export async function saying(what, work, howFar = () => '') {
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  say(`${what} …`);
  const timer = setInterval(() => {
    say(`${what} … ${[howFar(), `${seconds()} s`].filter(Boolean).join(', ')}`);
  }, AGAIN_EVERY_MS);
  try {
    const result = await work();
    say(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
