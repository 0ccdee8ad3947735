import { lazy, Suspense } from 'react';
import type { ActivityRow } from '#contracts/activityRows';
import type { FlagRow } from '#contracts/flagRows';
import { useAsk } from '../../api/useAsk.ts';
import { useLongList } from '../../api/useLongList.ts';
import { eventName, moment, units } from '../../format.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { LongBody } from '../../ui/LongBody.tsx';
import { Answered, Empty, Loading } from '../../ui/parts.tsx';
import { Chosen, Filter, Heads, TablePanel, View } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen, type Place } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';
import { putDropped, useDropped } from '../../verify/dropped.ts';
import { flagMeaning, flagName } from '../flags/flags.ts';

const CheckFile = lazy(() => import('../../verify/CheckFile.tsx').then(({ CheckFile }) => ({ default: CheckFile })));

/** What happened, the newest first, as it comes; and files that somebody was given, to be checked. */
export function Events() {
  const place = usePlace();
  const { file, turn } = useDropped();
  return (
    <>
      {place.choices.flag === undefined ? <Stream /> : <Flagged rule={place.choices.flag} />}
      {place.choices.check === 'file' && place.choices.event === undefined && (
        <Suspense fallback={null}>
          <CheckFile
            key={turn}
            dropped={file}
            onClose={() => {
              putDropped(undefined);
              go(checking(place, false));
            }}
          />
        </Suspense>
      )}
    </>
  );
}

const checking = (place: Place, isOpen: boolean): Place =>
  chosen(place, { check: isOpen ? 'file' : undefined, event: undefined, why: undefined, by: undefined });

/** What can be filtered by is what so many rows have: a hundred thousand would be looked through with every page that comes. */
const OFFERED = 2_000;

/** So many events are asked for by their sequences. */
const NAMED = 200;
/** No ledger has an event with this sequence. */
const NONE = 999_999_999_999_999;

/** The events that flags of one rule stand on. */
function Flagged({ rule }: { readonly rule: string }) {
  const answer = useAsk<FlagRow>('flags', { rule }, { most: 1000 });
  return (
    <Answered answer={answer} what="the flags" empty={<Stream among={[]} />}>
      {(flags) => <Stream among={[...new Set(flags.flatMap(({ events }) => events))].sort((a, b) => b - a)} />}
    </Answered>
  );
}

function Stream({ among }: { readonly among?: readonly number[] }) {
  const place = usePlace();
  const { type, party, item, subject, from, to } = place.choices;
  const occurred = from === undefined && to === undefined ? undefined : `${from ?? '..'}/${to ?? '..'}`;
  const sequence = among === undefined ? undefined : among.slice(0, NAMED).join() || String(NONE);
  const answer = useLongList<ActivityRow>('activity', { type, party, item, subject, occurred, sequence });
  const rows = answer.rows ?? [];
  return (
    <View
      title="What happened"
      answer={answer}
      what="events"
      empty={
        <Empty title="No event">
          <p>Nothing that you ask for has happened by this moment. New events appear here as they are recorded.</p>
        </Empty>
      }
      tools={<Tools rows={rows.slice(0, OFFERED)} />}
    >
      {() => (
        <>
          {among !== undefined && among.length > NAMED && (
            <p className="soft small">Of the events that these flags stand on, these are the last {NAMED}.</p>
          )}
          <TablePanel label="Events" rows={answer.more ? -1 : rows.length + 1}>
            <Heads names={['Event', 'About', 'Parties', '#Units', 'Happened', 'Recorded', 'By key']} />
            <LongBody rows={rows} columns={7} onEnd={answer.onEnd}>
              {(row, at) => <Row key={row.sequence} row={row} at={at} />}
            </LongBody>
          </TablePanel>
          {answer.more && <Loading what="earlier events" />}
        </>
      )}
    </View>
  );
}

function Tools({ rows }: { readonly rows: readonly ActivityRow[] }) {
  const place = usePlace();
  return (
    <>
      <Filter label="Type" name="type" options={rows.map((row) => row.type)} text={eventName} />
      <Filter label="Party" name="party" options={rows.flatMap(({ parties }) => parties)} />
      <Filter label="Item" name="item" options={rows.flatMap(({ items }) => items)} />
      <Filter label="Flag" name="flag" options={Object.keys(flagMeaning)} text={flagName} />
      <Chosen name="from" label="Happened from" type="date" />
      <Chosen name="to" label="To the end of" type="date" />
      {place.choices.subject !== undefined && <Filter label="About" name="subject" options={[]} />}
      <button
        type="button"
        className="button"
        onClick={() => {
          go(checking(place, true));
        }}
      >
        Check a file
      </button>
    </>
  );
}

function Row({ row, at }: { readonly row: ActivityRow; readonly at: number }) {
  const place = usePlace();
  return (
    <tr aria-rowindex={at}>
      <th scope="row" className="prose">
        <EventLink sequence={row.sequence}>{eventName(row.type)}</EventLink>{' '}
        {row.voidedBy !== null && <span className="tag bad">taken back by #{row.voidedBy}</span>}
        {row.voids !== null && <span className="tag">takes back #{row.voids}</span>}
        {row.note !== null && <div className="soft small">{row.note}</div>}
      </th>
      <td className="mono small">
        <Link to={chosen(place, { subject: row.subject })}>{row.subject}</Link>
      </td>
      <td className="words">{row.parties.join(', ')}</td>
      <td className="number">
        {row.quantity === 0 ? <span className="none">·</span> : `${units(row.quantity)} ${row.items.join(', ')}`}
      </td>
      <td className="small nowrap">{moment(row.occurred)}</td>
      <td className="small nowrap soft">{moment(row.recorded)}</td>
      <td className="small mono">{row.actor}</td>
    </tr>
  );
}
