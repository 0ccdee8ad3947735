import type { HoldingDiffRow } from '#contracts/changeRows';
import { useAsk } from '../../api/useAsk.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { signed, units } from '../../format.ts';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Chosen, Heads, SaveRows, ScrollTable } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { isStage, stageName } from './holdings.ts';

/** Another moment beside the one that is chosen: what changed between them, in which events. */
export function Changes({ item }: { readonly item: string | undefined }) {
  const { choices } = usePlace();
  const { since, told } = choices;
  const isChosen = since !== undefined || told !== undefined;
  const asked = { groupBy: 'owner,item,stage', item, 'from-at': since, 'from-known': told };
  const answer = useAsk<HoldingDiffRow>('holdings/diff', asked, { enabled: isChosen });
  return (
    <>
      <div className="compared">
        <Chosen name="since" label="What was true at the end of" type="date" />
        <Chosen name="told" label="What was known at event" type="number" />
        {isChosen && <SaveRows rows={answer.rows ?? []} what="what changed" sequence={answer.sequence} />}
        <p className="soft small">beside the moment of the bar of time</p>
      </div>
      {isChosen ? (
        <Answered answer={answer} what="what changed" empty={<Empty title="Nothing is different between the two" />}>
          {(rows) => <Table rows={rows} />}
        </Answered>
      ) : (
        <Empty title="Compare with another moment">
          <p>
            Choose a day to see what has changed since, or an event to see what the ledger believed about the same day
            when it knew no more than that.
          </p>
        </Empty>
      )}
    </>
  );
}

function Table({ rows }: { readonly rows: readonly HoldingDiffRow[] }) {
  return (
    <ScrollTable label="What changed">
      <Heads names={['Whose', 'Item', 'Where', '#Then', '#Change', '#At the chosen moment', 'By which events']} />
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.owner ?? ''} ${row.item ?? ''} ${row.stage ?? ''}`}>
            <th scope="row">{row.owner}</th>
            <td>{row.item}</td>
            <td>
              <span className={`stage is-${row.stage ?? ''}`}>
                {row.stage !== undefined && isStage(row.stage) ? stageName[row.stage] : row.stage}
              </span>
            </td>
            <td className="number">{row.before === 0 ? <span className="none">·</span> : units(row.before)}</td>
            <td className="number">{signed(row.change)}</td>
            <td className="number">
              <WhyNumber
                count={row.after}
                subject={{ owner: row.owner ?? '', item: row.item ?? '', stage: row.stage ?? '' }}
                what={`${row.owner ?? ''}, ${row.item ?? ''}, ${row.stage ?? ''}`}
              />
            </td>
            <td className="small">
              {/* Units that only changed hands, or the order that they are of, changed nothing here. */}
              {row.events
                .filter(({ quantity }) => quantity !== 0)
                .map(({ sequence, quantity }) => (
                  <span key={sequence} className="nowrap">
                    <EventLink sequence={sequence}>{signed(quantity)}</EventLink>{' '}
                  </span>
                ))}
              {row.partial === true && <span className="soft">and more</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}
