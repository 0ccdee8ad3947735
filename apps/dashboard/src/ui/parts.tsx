import { type ReactNode, useId, useState } from 'react';
import type { Problem } from '#contracts/problem';
import { Refused } from '../api/client.ts';
import { type Live, useLive } from '../api/live.ts';
import { useLasting } from '../api/pace.ts';
import type { Answer } from '../api/useAsk.ts';
import { ago, units } from '../format.ts';
import { glossary, type GlossaryTerm } from './glossary.ts';

/** A word of the glossary, explained when it is pointed at or reached by keyboard. */
export function Term({ word, children }: { readonly word: GlossaryTerm; readonly children?: ReactNode }) {
  const id = useId();
  return (
    <span className="term" tabIndex={0} aria-describedby={id}>
      {children ?? word}
      <span className="meaning" role="tooltip" id={id}>
        {glossary[word]}
      </span>
    </span>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly (readonly [T, string])[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

/** One of a few ways to look at the same thing. */
export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map(([option, text]) => (
        <button
          type="button"
          key={option}
          aria-pressed={option === value}
          onClick={() => {
            onChoose(option);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** An id, as it is; a click copies it. */
export function Id({ children }: { readonly children: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(children).then(() => {
      setCopied(true);
      setTimeout(() => {
        setCopied(false);
      }, 1_500);
    });
  };
  return (
    <button type="button" className="copy" title={copied ? 'Copied' : 'Copy'} onClick={copy}>
      {children}
      <span className="unseen" role="status">
        {copied ? 'copied' : ''}
      </span>
    </button>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <div className="skeleton" role="status" aria-label={`Loading ${what}`}>
      <i />
      <i />
      <i />
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      <div className="soft">{children}</div>
    </div>
  );
}

/** What went wrong, in the words of the service, and what can be done about it here. */
export function Trouble({ error, again }: { readonly error: Error; readonly again: () => void }) {
  const problem: Problem | undefined = error instanceof Refused ? error.problem : undefined;
  const title =
    problem === undefined
      ? 'Lading does not answer'
      : problem.status === 403
        ? 'This key may not see this'
        : problem.title;
  return (
    <div className="state bad" role="alert">
      <h2>{title}</h2>
      <p className="soft">
        {problem?.detail ?? 'Is it running, and can this browser reach it? It is asked again by itself.'}
      </p>
      {(problem?.errors ?? []).map(({ pointer, detail }) => (
        <p className="small" key={pointer}>
          <code className="mono">{pointer}</code> {detail}
        </p>
      ))}
      {problem?.status !== 403 && (
        <button type="button" className="button" onClick={again}>
          Ask again
        </button>
      )}
    </div>
  );
}

/** Rows, or why there are none: every view has the same states. */
export function Answered<T>({
  answer,
  what,
  empty,
  children,
}: {
  readonly answer: Answer<T>;
  readonly what: string;
  readonly empty: ReactNode;
  readonly children: (rows: readonly T[]) => ReactNode;
}) {
  const { rows, error, again, isStale } = answer;
  const isFaint = useLasting(isStale);
  if (error !== undefined && (rows === undefined || error instanceof Refused))
    return <Trouble error={error} again={again} />;
  if (rows === undefined) return <Loading what={what} />;
  return (
    <div className={isFaint ? 'stale' : undefined} aria-busy={isStale}>
      {rows.length === 0 ? empty : children(rows)}
    </div>
  );
}

/** On which event a view stands, and how fresh it is. */
export function Standing({
  sequence,
  known,
}: {
  readonly sequence: number | undefined;
  readonly known: number | undefined;
}) {
  const live = useLive();
  return (
    <p className={`standing ${live.state}`} role="status">
      <span className="dot no-print" />
      <span>
        Stands on event <strong>{sequence === undefined ? '…' : units(sequence)}</strong> of {units(live.head)}
      </span>
      {known === undefined ? (
        <span className="no-print">{freshness(live, sequence)}</span>
      ) : (
        <span>as it was known then: this never changes</span>
      )}
    </p>
  );
}

function freshness({ state, head, since, why }: Live, sequence: number | undefined): string {
  if (state === 'lost') return `connection lost ${ago(Date.now() - since)} ago (${why ?? ''}): trying again`;
  if (state === 'ended') return `not live: ${why ?? ''}`;
  if (state === 'connecting') return 'connecting …';
  return sequence !== undefined && sequence < head ? 'catching up …' : 'live';
}
