import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { JournalOptions } from '#journal/journalOptions';
import type { AtomicOutcome, Outcome, Submission } from '#journal/submission';
import type { Call, Reply } from './worker.ts';

export interface Worker {
  readonly pid: number;
  submit(ledger: string, submission: Submission): Promise<Outcome>;
  submitAtomic(ledger: string, submissions: readonly Submission[]): Promise<AtomicOutcome>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Starts a process of its own with a journal on this database. */
export async function startWorker(url: string, options: Partial<JournalOptions> = {}): Promise<Worker> {
  const child = fork(path('./worker.ts'), [url, JSON.stringify(options)], {
    execArgv: [
      '--conditions=source',
      '--disable-warning=ExperimentalWarning',
      '--import',
      path('../setup/typescript.mjs'),
    ],
  });
  const exited = once(child, 'exit');
  const waiting = new Map<number, { resolve: (outcome: unknown) => void; reject: (error: Error) => void }>();
  child.on('message', (message) => {
    const reply = message as Reply;
    const waiter = waiting.get(reply.call);
    waiting.delete(reply.call);
    if ('outcome' in reply) waiter?.resolve(reply.outcome);
    else waiter?.reject(new Error(reply.error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the worker is gone'));
  });

  let calls = 0;
  const answer = (call: number) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(call, { resolve, reject });
    });
  const send = (ledger: string, atomic: boolean, submissions: readonly Submission[]) => {
    const call: Call = {
      call: ++calls,
      ledger,
      atomic,
      submissions: submissions.map((submission) => ({ ...submission, hash: submission.hash.toString('hex') })),
    };
    const answered = answer(call.call);
    child.send(call);
    return answered;
  };

  await answer(0);
  return {
    pid: child.pid ?? 0,
    submit: (ledger, submission) => send(ledger, false, [submission]) as Promise<Outcome>,
    submitAtomic: (ledger, submissions) => send(ledger, true, submissions) as Promise<AtomicOutcome>,
    signal: (signal) => child.kill(signal),
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
