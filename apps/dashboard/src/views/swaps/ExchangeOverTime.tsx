import type { ExchangeHistoryRow } from '#contracts/changeRows';
import { useAsk } from '../../api/useAsk.ts';
import { StepChart } from '../../chart/StepChart.tsx';
import { Answered, Empty } from '../../ui/parts.tsx';
import { ChooseWay, wayOf, type Ways } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { exchangeSeries } from './swaps.ts';

type Of = 'units' | 'unitDays';
const ofs: Ways<Of> = [
  ['units', 'Units'],
  ['unitDays', 'Unit-days'],
];

/** What both sides were owed as time went on. It is asked for when somebody opens it. */
export function ExchangeOverTime({ swap }: { readonly swap: string }) {
  const place = usePlace();
  const isOpen = place.choices.over === swap;
  return (
    <>
      <p className="steps no-print">
        <Link to={chosen(place, { over: isOpen ? undefined : swap, of: undefined })}>
          {isOpen ? 'Close the balance over time' : 'The balance over time'}
        </Link>
      </p>
      {isOpen && <Chart swap={swap} />}
    </>
  );
}

function Chart({ swap }: { readonly swap: string }) {
  const of = wayOf(usePlace().choices.of, ofs);
  // Unit-days grow while nothing happens, so they are asked for week by week.
  const by = of === 'units' ? 'change' : 'week';
  const answer = useAsk<ExchangeHistoryRow>(`swaps/${encodeURIComponent(swap)}/history`, { by }, { most: 1000 });
  return (
    <>
      <div className="compared">
        <ChooseWay label="Balance in" name="of" ways={ofs} />
        <p className="soft small">Above zero a party is owed, below it owes. Click to move the bar of time.</p>
      </div>
      <Answered answer={answer} what="the balance" empty={<Empty title="Nothing was exchanged by this moment" />}>
        {(rows) => (
          <StepChart
            series={exchangeSeries(rows, of)}
            sequence={answer.sequence}
            what={`exchange balance of ${swap}${of === 'units' ? '' : ', in unit-days'}`}
          />
        )}
      </Answered>
    </>
  );
}
