import type { Outcome } from '#evidence/check';
import type { Report } from './report.ts';
import './verify.css';

const MARKS: Readonly<Record<Outcome, string>> = { held: '✓ held', broken: '✗ FAILED', unknown: '? not checked' };

/** What was checked here, and what that proves and does not: never green unless every check held. */
export function Verdict({ report }: { readonly report: Report }) {
  const { outcome, title, text, checks, proves, doesNotProve, signedBy } = report;
  return (
    <div className={`verdict ${outcome}`}>
      <div role="status">
        <h3>{title}</h3>
        <p className="small">{text}</p>
      </div>
      <ul className="checks small">
        {checks.map(({ outcome: one, found }) => (
          <li key={found} className={one}>
            <strong>{MARKS[one]}</strong> <bdi>{found}</bdi>
          </li>
        ))}
      </ul>
      <Told title="What it proves" lines={proves} />
      <Told title="What it does not prove" lines={doesNotProve} />
      <Told title="Signed by" lines={signedBy} />
    </div>
  );
}

function Told({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>{title}</summary>
      <ul className="small">
        {lines.map((line) => (
          <li key={line}>
            <bdi>{line}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}
