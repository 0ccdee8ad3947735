import type { ReactNode } from 'react';
import type { Answer } from '../api/useAsk.ts';
import { asOf, moment } from '../format.ts';
import { chosen } from '../url/place.ts';
import { adjust, go, usePlace } from '../url/usePlace.ts';
import { save } from './exporting.ts';
import { Answered, Choice, Standing } from './parts.tsx';

interface ViewProps<T> {
  readonly title: string;
  readonly answer: Answer<T>;
  /** What the rows are, for those who wait for them and for the file of an export. */
  readonly what: string;
  readonly empty: ReactNode;
  readonly tools?: ReactNode;
  /** What is saved, where what is shown is counted from the rows; null where what is shown is saved beside it. */
  readonly saved?: readonly object[] | null;
  readonly children: (rows: readonly T[]) => ReactNode;
}

/** A view of one answer: its title, on which event it stands, its filters, its rows, and the same rows as a file. */
export function View<T extends object>({ title, answer, what, empty, tools, saved, children }: ViewProps<T>) {
  const place = usePlace();
  return (
    <div className="view">
      <header>
        <div>
          <h1>{title}</h1>
          <Standing sequence={answer.sequence} known={place.known} />
          <Printed at={place.at} received={answer.received} />
        </div>
        <div className="tools no-print">
          {tools}
          {saved !== null && <SaveRows rows={saved ?? answer.rows ?? []} what={what} sequence={answer.sequence} />}
        </div>
      </header>
      <Answered answer={answer} what={what} empty={<section className="panel">{empty}</section>}>
        {children}
      </Answered>
    </div>
  );
}

/** Paper has no bar of time, and does not know when it was now. */
function Printed({ at, received }: { readonly at: string | undefined; readonly received: number | undefined }) {
  const { ledger } = usePlace();
  if (received === undefined) return null;
  const asked = moment(new Date(received).toISOString());
  return (
    <p className="only-print small">
      Ledger <span className="mono">{ledger}</span>, as of {at === undefined ? asked : `${asOf(at)}, asked on ${asked}`}
    </p>
  );
}

interface SaveProps {
  readonly rows: readonly object[];
  readonly what: string;
  readonly sequence: number | undefined;
}

/** What is on the screen as a file, with the moment that it is of. */
export function SaveRows({ rows, what, sequence }: SaveProps) {
  const place = usePlace();
  return (
    <div className="choice no-print" role="group" aria-label="Save the rows">
      {(['csv', 'json'] as const).map((format) => (
        <button
          type="button"
          key={format}
          disabled={rows.length === 0}
          onClick={() => {
            save(rows, { format, what, place, sequence });
          }}
        >
          {format.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

interface FilterProps {
  readonly label: string;
  /** The choice in the address. */
  readonly name: string;
  readonly options: readonly string[];
  readonly text?: (option: string) => string;
}

/** Only some of the rows. What is chosen stays an option, also where no row has it. */
export function Filter({ label, name, options, text = (option) => option }: FilterProps) {
  const place = usePlace();
  const value = place.choices[name] ?? '';
  const all = [...new Set([...options, ...(value === '' ? [] : [value])])].sort();
  return (
    <label className="field">
      {label}
      <select
        value={value}
        onChange={(event) => {
          go(chosen(place, { [name]: event.target.value === '' ? undefined : event.target.value }));
        }}
      >
        <option value="">All</option>
        {all.map((option) => (
          <option key={option} value={option}>
            {text(option)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChosenProps {
  /** The choice in the address. */
  readonly name: string;
  readonly label: string;
  readonly type: 'date' | 'number';
}

/** A day, or a number, that is written. */
export function Chosen({ name, label, type }: ChosenProps) {
  const place = usePlace();
  return (
    <label className="field">
      {label}
      <input
        type={type}
        min={type === 'number' ? 0 : undefined}
        value={place.choices[name] ?? ''}
        onChange={(event) => {
          adjust(chosen(place, { [name]: event.target.value === '' ? undefined : event.target.value }));
        }}
      />
    </label>
  );
}

interface TableProps {
  readonly label: string;
  /** How many there are with the head, where not all of them are there; -1: nobody knows yet. */
  readonly rows?: number;
  /** A name for its style. */
  readonly kind?: string;
  readonly children: ReactNode;
}

/** A table that may be wider than its place, and is reached by keyboard then. */
export function ScrollTable({ label, rows, kind = '', children }: TableProps) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={`table ${kind}`} aria-rowcount={rows}>
        {children}
      </table>
    </div>
  );
}

/** The same as a panel of its own. */
export const TablePanel = (table: TableProps) => (
  <section className="panel">
    <ScrollTable {...table} />
  </section>
);

/** Ways to look at the same thing. The address says which; the first one where it says nothing. */
export type Ways<T extends string> = readonly [readonly [T, string], ...(readonly (readonly [T, string])[])];

export const wayOf = <T extends string>(text: string | undefined, ways: Ways<T>): T =>
  (ways.find(([way]) => way === text) ?? ways[0])[0];

interface WayProps<T extends string> {
  readonly label: string;
  /** The choice in the address. */
  readonly name: string;
  readonly ways: Ways<T>;
}

export function ChooseWay<T extends string>({ label, name, ways }: WayProps<T>) {
  const place = usePlace();
  return (
    <Choice
      label={label}
      options={ways}
      value={wayOf(place.choices[name], ways)}
      onChoose={(way) => {
        go(chosen(place, { [name]: way === ways[0][0] ? undefined : way }));
      }}
    />
  );
}

interface HeadsProps {
  /** One that begins with `#` is of numbers. */
  readonly names: readonly string[];
  /** What more stands in a head, by its name. */
  readonly beneath?: Readonly<Record<string, ReactNode>>;
}

/** The heads of a table. */
export function Heads({ names, beneath }: HeadsProps) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th scope="col" key={name} className={name.startsWith('#') ? 'number' : undefined}>
            {name.replace('#', '')}
            {beneath?.[name]}
          </th>
        ))}
      </tr>
    </thead>
  );
}
