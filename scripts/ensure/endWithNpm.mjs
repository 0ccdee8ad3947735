const LOOK_EVERY_MS = 500;

/**
 * Ends this process as a SIGTERM does when the npm that started it is gone: npm passes SIGINT and SIGTERM on, but a SIGHUP or a
 * SIGKILL ends npm alone. The scripts of package.json begin with `exec`, so that npm is the parent, with no shell in between.
 */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  timer.unref();
}
