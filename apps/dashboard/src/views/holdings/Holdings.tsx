import { useMemo } from 'react';
import type { HoldingGroupRow, PartyRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { Answered, Choice, Empty, Standing } from '../../ui/parts.tsx';
import { chosen } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';
import { Flow } from './Flow.tsx';
import { flowOf, type Holding, holdingsOf, linesOf } from './holdings.ts';
import { PartyTable } from './PartyTable.tsx';
import './holdings.css';

type Shape = 'table' | 'flow';
const shapes: readonly (readonly [Shape, string])[] = [
  ['table', 'Table'],
  ['flow', 'Flow'],
];

/** Who holds which hardware: each party with what it holds, has on the way, is promised, owes and is owed. */
export function Holdings() {
  const place = usePlace();
  const { item } = place.choices;
  const shape = place.choices.show === 'flow' ? 'flow' : 'table';
  const answer = useAsk<HoldingGroupRow>('holdings', { groupBy: 'owner,custodian,item,stage' });
  const parties = useAsk<PartyRow>('parties');
  const all = useMemo(() => holdingsOf(answer.rows ?? []), [answer.rows]);
  const items = [...new Set(all.map((holding) => holding.item))].sort();
  const counted = item === undefined ? all : all.filter((holding) => holding.item === item);
  return (
    <div className="view">
      <header>
        <div>
          <h1>Who holds which hardware</h1>
          <Standing sequence={answer.sequence} known={place.known} />
        </div>
        <div className="tools no-print">
          <label className="field">
            Item
            <select
              value={item ?? ''}
              onChange={(event) => {
                go(chosen(place, { item: event.target.value }));
              }}
            >
              <option value="">All items</option>
              {items.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <Choice
            label="Show as"
            options={shapes}
            value={shape}
            onChoose={(show) => {
              go(chosen(place, { show: show === 'table' ? undefined : show }));
            }}
          />
        </div>
      </header>
      <section className="panel">
        <Answered answer={answer} what="the holdings" empty={<Nothing />}>
          {() => <Shown shape={shape} holdings={counted} parties={parties.rows ?? []} item={item} />}
        </Answered>
      </section>
    </div>
  );
}

interface ShownProps {
  readonly shape: Shape;
  readonly holdings: readonly Holding[];
  readonly parties: readonly PartyRow[];
  readonly item: string | undefined;
}

function Shown({ shape, holdings, parties, item }: ShownProps) {
  const lines = useMemo(
    () => linesOf(holdings, parties).filter((line) => item === undefined || line.item === item),
    [holdings, parties, item],
  );
  const flow = useMemo(() => flowOf(holdings), [holdings]);
  if (shape === 'table') return <PartyTable lines={lines} />;
  return (
    <>
      <Flow {...flow} item={item} names={new Map(parties.map(({ party, name }) => [party, name]))} />
      <details className="as-table">
        <summary>The same as a table</summary>
        <PartyTable lines={lines} />
      </details>
    </>
  );
}

function Nothing() {
  const { at } = usePlace();
  return (
    <Empty title="Nobody held anything">
      <p>
        {at === undefined
          ? 'No order was placed in this ledger yet. The first one will appear here by itself.'
          : 'At this moment no order was placed yet: move the bar of time to the right.'}
      </p>
    </Empty>
  );
}
