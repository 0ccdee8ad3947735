import { type DragEvent, lazy, Suspense, useState } from 'react';
import type { ActivityRow } from '#contracts/activityRows';
import { useAsk } from '../../api/useAsk.ts';
import { eventName, moment, units } from '../../format.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { Empty } from '../../ui/parts.tsx';
import { Filter, Heads, TablePanel, View } from '../../ui/View.tsx';
import { chosen } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';

const PAGE = 200;
const CheckFile = lazy(() => import('../../verify/CheckFile.tsx').then(({ CheckFile }) => ({ default: CheckFile })));

/** What happened, the newest first, as it comes. */
export function Events() {
  const place = usePlace();
  const { type, party, item } = place.choices;
  const shown = Number(place.choices.rows ?? PAGE) || PAGE;
  const answer = useAsk<ActivityRow>('activity', { type, party, item }, { most: shown });
  const rows = answer.rows ?? [];
  const [dropped, setDropped] = useState<File>();
  const check = (isOpen: boolean) => {
    go(chosen(place, { check: isOpen ? 'file' : undefined, event: undefined, why: undefined, by: undefined }));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDropped(event.dataTransfer.files[0]);
    check(true);
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={drop}
    >
      <View
        title="What happened"
        answer={answer}
        what="events"
        empty={
          <Empty title="No event">
            <p>Nothing that you ask for has happened by this moment. New events appear here as they are recorded.</p>
          </Empty>
        }
        tools={
          <>
            <Filter label="Type" name="type" options={rows.map((row) => row.type)} text={eventName} />
            <Filter label="Party" name="party" options={rows.flatMap(({ parties }) => parties)} />
            <Filter label="Item" name="item" options={rows.flatMap(({ items }) => items)} />
            <button
              type="button"
              className="button"
              onClick={() => {
                setDropped(undefined);
                check(true);
              }}
            >
              Check a file
            </button>
          </>
        }
      >
        {() => (
          <>
            <TablePanel label="Events">
              <Heads names={['Event', 'About', 'Parties', '#Units', 'Happened', 'Recorded', 'By key']} />
              <tbody className="long">
                {rows.map((row) => (
                  <Row key={row.sequence} row={row} />
                ))}
              </tbody>
            </TablePanel>
            {answer.more && (
              <p className="more">
                <button
                  type="button"
                  className="button"
                  onClick={() => {
                    go(chosen(place, { rows: String(shown + PAGE * 2) }));
                  }}
                >
                  Show more
                </button>
              </p>
            )}
          </>
        )}
      </View>
      {place.choices.check === 'file' && place.choices.event === undefined && (
        <Suspense fallback={null}>
          <CheckFile
            dropped={dropped}
            onClose={() => {
              check(false);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function Row({ row }: { readonly row: ActivityRow }) {
  return (
    <tr>
      <th scope="row">
        <EventLink sequence={row.sequence}>{eventName(row.type)}</EventLink>
        {row.voidedBy !== null && <span className="tag bad">taken back by #{row.voidedBy}</span>}
        {row.voids !== null && <span className="tag">takes back #{row.voids}</span>}
        {row.note !== null && <div className="soft small">{row.note}</div>}
      </th>
      <td className="mono small">{row.subject}</td>
      <td>{row.parties.join(', ')}</td>
      <td className="number">
        {row.quantity === 0 ? <span className="none">·</span> : `${units(row.quantity)} ${row.items.join(', ')}`}
      </td>
      <td className="small nowrap">{moment(row.occurred)}</td>
      <td className="small nowrap soft">{moment(row.recorded)}</td>
      <td className="small mono">{row.actor}</td>
    </tr>
  );
}
