import { memo, useMemo } from 'react';
import type { HoldingGroupRow, PartyRow } from '#contracts/rows';
import { HOLDINGS } from '../../api/early.ts';
import type { Asked } from '../../api/paths.ts';
import { chosenIn, type Moment, useLasting, useSettled } from '../../api/pace.ts';
import { type Answer, useAsk, useMoment } from '../../api/useAsk.ts';
import { OfferMemo, useIsUnplayed } from '../../memo/PlayMemo.tsx';
import { ChartFrame } from '../../ui/ChartFrame.tsx';
import { Empty } from '../../ui/parts.tsx';
import { ChooseWay, Filter, View, wayOf, type Ways } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { Changes } from './Changes.tsx';
import { Flow } from './Flow.tsx';
import { type Holding, holdingsOf, linesOf, type PartyLine } from './holdings.ts';
import { OverTime } from './OverTime.tsx';
import { PartyTable, sortedBy } from './PartyTable.tsx';
import './holdings.css';

type Shape = 'table' | 'flow' | 'time' | 'changes';
const shapes: Ways<Shape> = [
  ['table', 'Table'],
  ['flow', 'Flow'],
  ['time', 'Over time'],
  ['changes', 'Compare'],
];

/** The sums are of all of them, so all of them are asked for. */
export const MOST_HOLDINGS = 100_000;
const NONE: readonly PartyRow[] = [];
const SETTLES_MS = 150;

/** Who holds which hardware: each party with what it holds, has on the way, is promised, owes and is owed. */
export function Holdings() {
  const place = usePlace();
  const { item } = place.choices;
  const shape = wayOf(place.choices.show, shapes);
  const answer = useAsk<HoldingGroupRow>('holdings', HOLDINGS, { most: MOST_HOLDINGS });
  const { rows: parties = NONE, isStale: isOwedOfBefore } = useParties();
  const all = useMemo(() => holdingsOf(answer.rows ?? []), [answer.rows]);
  const counted = useMemo(
    () => (item === undefined ? all : all.filter((holding) => holding.item === item)),
    [all, item],
  );
  const lines = useMemo(
    () => linesOf(counted, parties).filter((line) => item === undefined || line.item === item),
    [counted, parties, item],
  );
  return (
    <View
      title="Who holds which hardware"
      answer={answer}
      what="holdings"
      empty={<Nothing />}
      saved={shape === 'table' || shape === 'flow' ? sortedBy(lines, place.choices.sort) : null}
      tools={
        <>
          <Filter label="Item" name="item" options={all.map((holding) => holding.item)} />
          <ChooseWay label="Show as" name="show" ways={shapes} />
        </>
      }
    >
      {() => (
        <section className="panel">
          <Shown
            shape={shape}
            holdings={counted}
            lines={lines}
            parties={parties}
            isOwedOfBefore={isOwedOfBefore}
            item={item}
            sequence={answer.sequence}
          />
        </section>
      )}
    </View>
  );
}

/** What is owed takes as long as all else, and longer where there are many swaps: it is asked about the moment at which the handle stays. */
function useParties(): Pick<Answer<PartyRow>, 'rows' | 'isStale'> {
  const chosen = JSON.stringify(useMoment());
  const settled = useSettled(chosen, SETTLES_MS);
  const { rows, isStale } = useAsk<PartyRow>('parties', {}, { moment: JSON.parse(settled) as Asked });
  const isOfBefore = chosenIn(JSON.parse(settled) as Moment) !== chosenIn(JSON.parse(chosen) as Moment);
  return { rows, isStale: useLasting(isStale || isOfBefore) };
}

interface ShownProps {
  readonly shape: Shape;
  readonly holdings: readonly Holding[];
  readonly lines: readonly PartyLine[];
  readonly parties: readonly PartyRow[];
  /** What parties owe is of another moment than what they hold: its answer comes. */
  readonly isOwedOfBefore: boolean;
  readonly item: string | undefined;
  readonly sequence: number | undefined;
}

/** Drawn anew with an answer, and not with every step of the bar of time before one. */
const Shown = memo(function Shown({ shape, holdings, lines, parties, isOwedOfBefore, item, sequence }: ShownProps) {
  if (shape === 'changes') return <Changes item={item} />;
  if (shape === 'time') return <OverTime lines={lines} parties={parties} item={item} />;
  if (shape === 'table') return <PartyTable lines={lines} isOwedOfBefore={isOwedOfBefore} />;
  return (
    <>
      <ChartFrame label="Flow of the units" what="flow of the units" sequence={sequence}>
        <Flow holdings={holdings} item={item} names={new Map(parties.map(({ party, name }) => [party, name]))} />
      </ChartFrame>
      <details className="as-table">
        <summary>The same as a table</summary>
        <PartyTable lines={lines} isOwedOfBefore={isOwedOfBefore} />
      </details>
    </>
  );
});

function Nothing() {
  const { at, known } = usePlace();
  const isUnplayed = useIsUnplayed();
  if (isUnplayed) return <OfferMemo />;
  return (
    <Empty title="Nobody held anything">
      <p>
        {known !== undefined
          ? 'By this event no order was known that was placed by this moment: move the handles to the right.'
          : at === undefined
            ? 'No order was placed in this ledger yet. The first one will appear here by itself.'
            : 'At this moment no order was placed yet: move the bar of time to the right.'}
      </p>
    </Empty>
  );
}
