import type { LineageRow, LineageStep } from '#contracts/lineageRows';
import { EventLink } from '../event/EventLink.tsx';
import { eventName, moment, plural } from '../format.ts';
import { Agreed } from './Agreed.tsx';

/** The ways on which units came, each from its order to where they are. */
export function Lineage({ rows }: { readonly rows: readonly LineageRow[] }) {
  return (
    <ol className="lineage">
      {rows.flatMap((row) =>
        row.branches.map((branch, i) => (
          <li key={`${row.order} ${row.line} ${row.stage} ${row.custodian} ${row.shipment ?? ''} ${i}`}>
            <h3>
              {plural(branch.quantity, 'unit')} of {row.item}, {row.stage.replace('_', ' ')}
              <span className="soft small"> with {row.custodian}</span>
            </h3>
            {branch.withheld === true && <p className="soft small">Events of others on this way are not shown.</p>}
            {branch.partial === true && <p className="soft small">The way is longer than what is shown.</p>}
            <ol className="way">
              {branch.steps.map((step) => (
                <Step key={step.sequence} step={step} />
              ))}
            </ol>
          </li>
        )),
      )}
    </ol>
  );
}

function Step({ step }: { readonly step: LineageStep }) {
  const { type, sequence, occurred, by, order, line, from, to, agreement } = step;
  return (
    <li>
      <p>
        <EventLink sequence={sequence}>{eventName(type)}</EventLink>
        {by !== null && <span className="soft"> by {by}</span>}
      </p>
      <p className="soft small">
        {moment(occurred)}, {order} line {line}
      </p>
      {from !== null && to !== null && from.owner !== to.owner && (
        <p>
          From <strong>{from.owner}</strong> to <strong>{to.owner}</strong>
        </p>
      )}
      {agreement !== null && <Agreed agreement={agreement} />}
    </li>
  );
}
