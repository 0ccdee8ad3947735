import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { HoldingHistoryRow } from '#contracts/changeRows';
import type { PartyRow } from '#contracts/rows';
import { askRows } from '../../api/client.ts';
import { ledgerPath } from '../../api/paths.ts';
import { useLive } from '../../api/live.ts';
import { StepChart } from '../../chart/StepChart.tsx';
import { highest } from '../../chart/steps.ts';
import { Empty, Loading, Trouble } from '../../ui/parts.tsx';
import { ChooseWay, wayOf, type Ways } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { mayHaveHad, type PartyLine, type Stage, stageName, stages } from './holdings.ts';

const [MOST_ASKED, MOST_LINES] = [10, 6];
const MOST_STEPS = 1000;
const shown: Ways<'all' | Stage> = [['all', 'All'], ...stages.map((name) => [name, stageName[name]] as const)];

interface Props {
  readonly lines: readonly PartyLine[];
  readonly parties: readonly PartyRow[];
  readonly item: string | undefined;
}

/** What each party has had, from its first units on. The bar of time is a line in it, and a click on it moves the bar. */
export function OverTime({ lines, parties: all, item }: Props) {
  const place = usePlace();
  const way = wayOf(place.choices.stage, shown);
  const stage = way === 'all' ? undefined : way;
  const parties = useMemo(() => mayHaveHad(lines, all, MOST_ASKED), [lines, all]);
  const names = useMemo(() => new Map(all.map(({ party, name }) => [party, name])), [all]);
  const { data, error, refetch } = useHistory(parties, item, stage);
  return (
    <>
      <div className="compared">
        <ChooseWay label="Which units" name="stage" ways={shown} />
        <p className="soft small">Units of each party, by when things happened. Click to move the bar of time.</p>
      </div>
      {error !== null && data === undefined && <Trouble error={error} again={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="what they had" />
      ) : data.series.length === 0 ? (
        <Empty title="Nobody had any of these" />
      ) : (
        <StepChart
          series={data.series.map(({ party, steps }) => ({ party, name: names.get(party) ?? party, steps }))}
          sequence={data.sequence}
          what="holdings over time"
        />
      )}
    </>
  );
}

function useHistory(parties: readonly string[], item: string | undefined, stage: string | undefined) {
  const { ledger = '', known } = usePlace();
  const { head } = useLive();
  const told = known === undefined ? { 'min-sequence': head } : { known };
  return useQuery({
    queryKey: [ledger, 'over time', parties, item, stage, told],
    queryFn: async ({ signal }) => {
      const answers = await Promise.all(
        parties.map(async (party) => {
          const ask = (by: string) =>
            askRows<HoldingHistoryRow>(
              `${ledgerPath(ledger)}/holdings/history`,
              { owner: party, item, stage, by, ...told },
              signal,
              MOST_STEPS,
            );
          const each = await ask('change');
          return { party, answer: each.more ? await ask('month') : each };
        }),
      );
      return {
        sequence: answers[0]?.answer.sequence,
        series: highest(
          answers.map(({ party, answer }) => ({ party, steps: answer.rows })),
          MOST_LINES,
        ),
      };
    },
    placeholderData: (before, query) =>
      JSON.stringify(query?.queryKey.slice(0, 5)) === JSON.stringify([ledger, 'over time', parties, item, stage])
        ? before
        : undefined,
    staleTime: Infinity,
    gcTime: 5_000,
  });
}
