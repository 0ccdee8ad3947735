import { memo, useMemo } from 'react';
import { units } from '../../format.ts';
import { LongBody } from '../../ui/LongBody.tsx';
import { Term } from '../../ui/parts.tsx';
import { ScrollTable } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen, viewed } from '../../url/place.ts';
import { go, placeNow, useChoice, usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { type PartyLine, type Stage, stageName, stages } from './holdings.ts';

type Column = 'name' | 'item' | Stage | 'total' | 'owes' | 'isOwed';
const numbers: readonly (Stage | 'total' | 'owes' | 'isOwed')[] = [...stages, 'total', 'owes', 'isOwed'];

interface TableProps {
  readonly lines: readonly PartyLine[];
  /** What is owed is still that of another moment. */
  readonly isOwedOfBefore: boolean;
}

/** A party and an item a line; every number opens what is behind it. */
export function PartyTable({ lines, isOwedOfBefore }: TableProps) {
  const sort = useChoice('sort');
  const sorted = useMemo(() => sortedBy(lines, sort), [lines, sort]);
  const totals = numbers.map((column) => lines.reduce((sum, line) => sum + line[column], 0));
  return (
    <ScrollTable label="Holdings by party and item" rows={lines.length + 2} kind="holdings">
      <thead>
        <tr>
          <Head column="name">Party</Head>
          <Head column="item">Item</Head>
          {stages.map((stage) => (
            <Head key={stage} column={stage} number>
              <span className={`stage is-${stage}`}>
                <Term word={stageName[stage] as 'Promised'}>{stageName[stage]}</Term>
              </span>
            </Head>
          ))}
          <Head column="total" number>
            All
          </Head>
          <Head column="owes" number isOfBefore={isOwedOfBefore}>
            <Term word="Owes" />
          </Head>
          <Head column="isOwed" number isOfBefore={isOwedOfBefore}>
            <Term word="Is owed" />
          </Head>
        </tr>
      </thead>
      <LongBody rows={sorted} columns={numbers.length + 2}>
        {(line, at) => <Line key={`${line.party} ${line.item}`} line={line} at={at} />}
      </LongBody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            Together
          </th>
          {totals.map((total, i) => (
            <td key={numbers[i]} className="number">
              {total === 0 ? '·' : units(total)}
            </td>
          ))}
        </tr>
      </tfoot>
    </ScrollTable>
  );
}

interface LineProps {
  readonly line: PartyLine;
  readonly at: number;
}

/** Another moment has other lines, most of which say the same: those are not drawn anew. */
const Line = memo(
  function Line({ line, at }: LineProps) {
    const { party, name, item } = line;
    return (
      <tr aria-rowindex={at}>
        <th scope="row">
          {name} {name !== party && <span className="soft small mono">{party}</span>}
        </th>
        <td>{item}</td>
        {stages.map((stage) => (
          <td key={stage} className="number">
            <WhyNumber
              count={line[stage]}
              subject={{ owner: party, item, stage }}
              what={`${stageName[stage]}, ${name}, ${item}`}
            />
          </td>
        ))}
        <td className="number">
          <WhyNumber count={line.total} subject={{ owner: party, item }} what={`All, ${name}, ${item}`} />
        </td>
        <Owed count={line.owes} party={party} />
        <Owed count={line.isOwed} party={party} />
      </tr>
    );
  },
  (before, now) => before.at === now.at && sameLine(before.line, now.line),
);

const sameLine = (one: PartyLine, other: PartyLine): boolean =>
  one.party === other.party &&
  one.name === other.name &&
  one.item === other.item &&
  numbers.every((column) => one[column] === other[column]);

/** What is owed leads to the swaps under which it is. */
function Owed({ count, party }: { readonly count: number; readonly party: string }) {
  return (
    <td className="number">{count === 0 ? <span className="none">·</span> : <Owing count={count} party={party} />}</td>
  );
}

function Owing({ count, party }: { readonly count: number; readonly party: string }) {
  const place = usePlace();
  return (
    <Link to={viewed(place, 'swaps', { party })} className="why">
      {units(count)}
    </Link>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly number?: boolean;
  /** What stands below it is of another moment than the rest. */
  readonly isOfBefore?: boolean;
  readonly children: React.ReactNode;
}

function Head({ column, number = false, isOfBefore = false, children }: HeadProps) {
  const [sort, direction] = (useChoice('sort') ?? '').split('.');
  const isSorted = sort === column;
  const next = isSorted && direction !== 'up' ? `${column}.up` : isSorted ? undefined : column;
  return (
    <th
      scope="col"
      className={`${number ? 'number' : ''} ${isOfBefore ? 'stale' : ''}`}
      aria-busy={isOfBefore}
      aria-sort={isSorted ? (direction === 'up' ? 'ascending' : 'descending') : undefined}
    >
      {children}
      <button
        type="button"
        className="sort no-print"
        aria-label={`Sort by ${column}`}
        onClick={() => {
          go(chosen(placeNow(), { sort: next }));
        }}
      >
        {isSorted ? (direction === 'up' ? '↑' : '↓') : '↕'}
      </button>
    </th>
  );
}

/** In the order that is chosen: `held.up`, `name`. */
export function sortedBy(lines: readonly PartyLine[], sort: string | undefined): readonly PartyLine[] {
  const [column, direction] = (sort ?? '').split('.') as [keyof PartyLine, string?];
  if (!lines.some((line) => column in line)) return lines;
  const sign = direction === 'up' ? 1 : -1;
  return [...lines].sort((a, b) => {
    const [one, other] = [a[column], b[column]];
    return typeof one === 'number' && typeof other === 'number'
      ? sign * (one - other)
      : -sign * String(one).localeCompare(String(other));
  });
}
