/** How long a process takes to stop at the most, whatever its database, its brokers and its clients do. */
export const STOP_MS = 5_000;
/** Kept for what comes after: logging, the end of the process. */
export const MARGIN_MS = 300;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** npm and a terminal may both pass on one Ctrl-C: a second signal within this time counts as the same. */
const SAME_PRESS_MS = 1_000;

/** Calls `stop` on the first signal to stop. A later one ends the process at once, with `exitCode`. */
export function onStopSignal(exitCode: number, stop: (signal: NodeJS.Signals) => void): void {
  let since: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (since !== undefined) {
        if (Date.now() - since > SAME_PRESS_MS) process.exit(exitCode);
        return;
      }
      since = Date.now();
      stop(signal);
    });
  }
}
