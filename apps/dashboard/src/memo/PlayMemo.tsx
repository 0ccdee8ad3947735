import { useQueryClient } from '@tanstack/react-query';
import { useLive } from '../api/live.ts';
import { Empty } from '../ui/parts.tsx';
import { Link } from '../url/Link.tsx';
import { usePlace } from '../url/usePlace.ts';
import { MEMO_LEDGER, playMemo, putAway, steps, usePlayed } from './memo.ts';
import './memo.css';

/** For a first visit, which finds nothing: the memo, to be played at once or step by step. */
export function OfferMemo() {
  const { isPlaying, wrong } = usePlayed();
  const play = usePlay();
  return (
    <Empty title="There is nothing here yet: play the memo">
      <p>
        The story that Lading starts from: 12,000 H100 GPUs slated for Tesla go to X, and X’s own orders go to Tesla in
        exchange. It is recorded in the ledger <code className="mono">{MEMO_LEDGER}</code>, event by event, as anybody
        would submit it.
      </p>
      <ol className="memo-steps">
        {steps.map(({ title }) => (
          <li key={title}>{title}</li>
        ))}
      </ol>
      <p className="memo-buttons">
        <button
          type="button"
          className="button primary"
          disabled={isPlaying}
          onClick={() => {
            play(steps.length);
          }}
        >
          Play the memo
        </button>
        <button
          type="button"
          className="button"
          disabled={isPlaying}
          onClick={() => {
            play(1);
          }}
        >
          Play it step by step
        </button>
      </p>
      <Wrong text={wrong} />
      <p className="small">
        In a terminal: <code className="mono">npm run -s lading -- demo</code>
      </p>
    </Empty>
  );
}

/** What was played, and what comes next, above every view. */
export function MemoSteps() {
  const { played, isPlaying, wrong } = usePlayed();
  const place = usePlace();
  const play = usePlay();
  if (played === undefined) return null;
  const next = steps[played];
  return (
    <section className="memo-played no-print" aria-label="The memo">
      <p role="status">
        <strong>
          Step {played} of {steps.length}:
        </strong>{' '}
        {steps[played - 1]?.title}.
      </p>
      {next === undefined ? (
        <p className="small">
          That is all of it.{' '}
          <Link
            to={{ ...place, ledger: MEMO_LEDGER, view: 'holdings', at: '2023-12-18', known: undefined, choices: {} }}
          >
            Go to the days before the swap
          </Link>
          , and move the bar of time to the right.
        </p>
      ) : (
        <p className="memo-buttons">
          <button
            type="button"
            className="button primary"
            disabled={isPlaying}
            onClick={() => {
              play(played + 1);
            }}
          >
            Play step {played + 1}
          </button>
          <button
            type="button"
            className="button"
            disabled={isPlaying}
            onClick={() => {
              play(steps.length);
            }}
          >
            Play the rest
          </button>
          <span className="soft small">Next: {next.title}</span>
        </p>
      )}
      <Wrong text={wrong} />
      <button type="button" className="button put-away" onClick={putAway}>
        Put this away
      </button>
    </section>
  );
}

/** Of the memo's ledger, that nothing is recorded in it yet. */
export function useIsUnplayed(): boolean {
  const { ledger } = usePlace();
  const { head } = useLive();
  return ledger === MEMO_LEDGER && head <= 1;
}

function usePlay(): (upTo: number) => void {
  const queries = useQueryClient();
  return (upTo) => {
    void playMemo(upTo, () => void queries.invalidateQueries({ queryKey: ['ledgers'] }));
  };
}

function Wrong({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p className="notice" role="alert">
      {text}
    </p>
  );
}
