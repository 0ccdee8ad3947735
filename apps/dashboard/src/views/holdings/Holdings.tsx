import { useMemo } from 'react';
import type { HoldingGroupRow, PartyRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { Choice, Empty } from '../../ui/parts.tsx';
import { Filter, View } from '../../ui/View.tsx';
import { chosen } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';
import { Changes } from './Changes.tsx';
import { Flow } from './Flow.tsx';
import { flowOf, type Holding, holdingsOf, linesOf } from './holdings.ts';
import { PartyTable } from './PartyTable.tsx';
import './holdings.css';

type Shape = 'table' | 'flow' | 'changes';
const shapes: readonly (readonly [Shape, string])[] = [
  ['table', 'Table'],
  ['flow', 'Flow'],
  ['changes', 'Compare'],
];

/** Who holds which hardware: each party with what it holds, has on the way, is promised, owes and is owed. */
export function Holdings() {
  const place = usePlace();
  const { item } = place.choices;
  const shape = shapes.find(([name]) => name === place.choices.show)?.[0] ?? 'table';
  const answer = useAsk<HoldingGroupRow>('holdings', { groupBy: 'owner,custodian,item,stage' });
  const parties = useAsk<PartyRow>('parties');
  const all = useMemo(() => holdingsOf(answer.rows ?? []), [answer.rows]);
  const counted = item === undefined ? all : all.filter((holding) => holding.item === item);
  return (
    <View
      title="Who holds which hardware"
      answer={answer}
      what="holdings"
      empty={<Nothing />}
      tools={
        <>
          <Filter label="Item" name="item" options={all.map((holding) => holding.item)} />
          <Choice
            label="Show as"
            options={shapes}
            value={shape}
            onChoose={(show) => {
              go(chosen(place, { show: show === 'table' ? undefined : show }));
            }}
          />
        </>
      }
    >
      {() => (
        <section className="panel">
          <Shown shape={shape} holdings={counted} parties={parties.rows ?? []} item={item} />
        </section>
      )}
    </View>
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
  if (shape === 'changes') return <Changes item={item} />;
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
