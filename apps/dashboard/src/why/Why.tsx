import type { LineageRow } from '#contracts/lineageRows';
import type { PostingRow } from '#contracts/rows';
import { useAsk } from '../api/useAsk.ts';
import { EventLink } from '../event/EventLink.tsx';
import { eventName, moment, signed, units } from '../format.ts';
import { Drawer } from '../ui/Drawer.tsx';
import { Answered, Empty, Standing, Term } from '../ui/parts.tsx';
import { ChooseWay, ScrollTable, wayOf, type Ways } from '../ui/View.tsx';
import { chosen } from '../url/place.ts';
import { go, usePlace } from '../url/usePlace.ts';
import { Lineage } from './Lineage.tsx';
import type { Subject } from './subject.ts';
import './why.css';

type Tab = 'postings' | 'lineage';
const tabs: Ways<Tab> = [
  ['postings', 'Postings'],
  ['lineage', 'Where they came from'],
];

/** What is behind a number: its postings, and where its units came from. */
export function Why({ subject }: { readonly subject: Subject }) {
  const place = usePlace();
  const tab = wayOf(place.choices.by, tabs);
  const close = () => {
    go(chosen(place, { why: undefined, by: undefined }));
  };
  return (
    <Drawer title={titleOf(subject)} onClose={close}>
      <div className="why-tabs">
        <ChooseWay label="What is behind it" name="by" ways={tabs} />
      </div>
      {tab === 'postings' ? <Postings subject={subject} /> : <CameFrom subject={subject} />}
    </Drawer>
  );
}

const titleOf = ({ owner, custodian, item, stage, order, line, shipment }: Subject): string =>
  [
    item ?? 'Everything',
    stage?.replace('_', ' '),
    ...[owner !== undefined && `of ${owner}`, custodian !== undefined && `in the hands of ${custodian}`],
    order !== undefined && `order ${order}${line === undefined ? '' : ` line ${line}`}`,
    shipment !== undefined && `shipment ${shipment}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');

function Postings({ subject }: { readonly subject: Subject }) {
  const { known } = usePlace();
  const answer = useAsk<PostingRow>('holdings/postings', subject, { most: 1000 });
  return (
    <Answered
      answer={answer}
      what="the postings"
      empty={
        <Empty title="No posting">
          <p>Nothing that this key may see was booked there by this moment.</p>
        </Empty>
      }
    >
      {(rows) => (
        <>
          <div className="drawer-note">
            <Standing sequence={answer.sequence} known={known} />
          </div>
          <PostingTable rows={rows} />
          {answer.more && <p className="drawer-note soft small">These are the first 1,000.</p>}
        </>
      )}
    </Answered>
  );
}

function PostingTable({ rows }: { readonly rows: readonly PostingRow[] }) {
  const sum = rows.reduce((total, { quantity }) => total + quantity, 0);
  return (
    <ScrollTable label="Postings">
      <thead>
        <tr>
          <th scope="col">When, and what</th>
          <th scope="col">Account</th>
          <th scope="col" className="number">
            <Term word="posting">Units</Term>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={`${row.sequence} ${i}`}>
            <th scope="row">
              <EventLink sequence={row.sequence}>{eventName(row.type)}</EventLink>
              <div className="soft small">{moment(row.occurred)}</div>
            </th>
            <td>
              <span className={`stage is-${row.stage}`}>{row.stage.replace('_', ' ')}</span> {row.item}, {row.owner}
              <div className="soft small">
                {row.order} line {row.line}, with {row.custodian}
                {row.shipment !== null && `, ${row.shipment}`}
              </div>
            </td>
            <td className="number">{signed(row.quantity)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            Together
          </th>
          <td className="number">{units(sum)}</td>
        </tr>
      </tfoot>
    </ScrollTable>
  );
}

function CameFrom({ subject }: { readonly subject: Subject }) {
  const answer = useAsk<LineageRow>('holdings/lineage', subject, { most: 100 });
  return (
    <Answered
      answer={answer}
      what="where they came from"
      empty={
        <Empty title="No units">
          <p>None that this key may see are there at this moment.</p>
        </Empty>
      }
    >
      {(rows) => <Lineage rows={rows} />}
    </Answered>
  );
}
