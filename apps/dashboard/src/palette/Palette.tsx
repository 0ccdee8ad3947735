import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import type { ItemRow, OrderRow, PartyRow, ShipmentRow, SwapRow, UnitRow } from '#contracts/rows';
import { ask } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { useAsk } from '../api/useAsk.ts';
import { type Place, views, viewed } from '../url/place.ts';
import { go, usePlace } from '../url/usePlace.ts';
import { subjectText } from '../why/subject.ts';
import { type Findable, foundBy } from './find.ts';
import './palette.css';

/** Finds a view, an order, a shipment, a swap, a party, an event or a serial number by its name, and goes there. By keyboard alone. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const { found, isLooking } = useFound(text);
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const open = (one: Findable | undefined) => {
    if (one === undefined) return;
    onClose();
    go(one.to);
  };
  return (
    <dialog ref={dialog} className="palette" aria-label="Find" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label="An order, shipment, swap, party, event, serial number or view"
        placeholder="An order, shipment, swap, party, event, serial number or view"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={chosen < 0 ? undefined : `${list}-${chosen}`}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') open(found[chosen]);
          else if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else return;
          event.preventDefault();
        }}
      />
      <Options id={list} found={found} chosen={chosen} onOpen={open} />
      <p className="soft small" role="status">
        {isLooking
          ? 'Looking …'
          : found.length === 0
            ? 'Nothing has this name at the moment that is chosen.'
            : 'Arrow keys choose, Enter opens, Escape closes.'}
      </p>
    </dialog>
  );
}

interface OptionsProps {
  readonly id: string;
  readonly found: readonly Findable[];
  readonly chosen: number;
  readonly onOpen: (one: Findable) => void;
}

function Options({ id, found, chosen, onOpen }: OptionsProps) {
  return (
    <ul role="listbox" id={id} aria-label="What is found">
      {found.map((one, i) => (
        <li
          key={`${one.kind} ${one.name}`}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === chosen}
          onClick={() => {
            onOpen(one);
          }}
        >
          <span className="soft small">{one.kind}</span> <strong>{one.name}</strong>{' '}
          <span className="soft small">{one.about}</span>
        </li>
      ))}
    </ul>
  );
}

const MOST = { most: 1000 };

interface Found {
  readonly found: readonly Findable[];
  /** What there is has not come yet. */
  readonly isLooking: boolean;
}

function useFound(text: string): Found {
  const place = usePlace();
  const orders = useAsk<OrderRow>('orders', {}, MOST);
  const shipments = useAsk<ShipmentRow>('shipments', {}, MOST);
  const swaps = useAsk<SwapRow>('swaps', {}, MOST);
  const parties = useAsk<PartyRow>('parties', {}, MOST);
  const known = useMemo(
    () => [
      ...views.map((view) => findable('View', view, '', viewed(place, view))),
      ...(orders.rows ?? []).map((row) => ofOrder(place, row)),
      ...(shipments.rows ?? []).map((row) => ofShipment(place, row)),
      ...(swaps.rows ?? []).map((row) => ofSwap(place, row)),
      ...(parties.rows ?? []).map((row) => ofParty(place, row)),
    ],
    [place, orders.rows, shipments.rows, swaps.rows, parties.rows],
  );
  const asked = text.trim();
  const found = foundBy(text, known);
  const isNamed = found.some(({ name }) => name.toLowerCase() === asked.toLowerCase());
  // Where there are more than the page has, what is named in full is asked for.
  const others = [
    useOne<OrderRow, Findable>('orders', asked, orders.more && !isNamed, (row) => ofOrder(place, row)),
    useOne<ShipmentRow, Findable>('shipments', asked, shipments.more && !isNamed, (row) => ofShipment(place, row)),
    useOne<SwapRow, Findable>('swaps', asked, swaps.more && !isNamed, (row) => ofSwap(place, row)),
    useOne<PartyRow, Findable>('parties', asked, parties.more && !isNamed, (row) => ofParty(place, row)),
    useSerial(asked, !isNamed),
  ].filter((one) => one !== undefined);
  const event = /^#?(\d{1,15})$/.exec(asked)?.[1];
  const isLooking = [orders, shipments, swaps, parties].some(
    ({ rows, error }) => rows === undefined && error === undefined,
  );
  const all = [
    ...others,
    ...found,
    ...(event === undefined ? [] : [findable('Event', `#${event}`, '', viewed(place, 'events', { event }))]),
  ];
  return { found: all, isLooking };
}

const findable = (kind: string, name: string, about: string, to: Place): Findable => ({ kind, name, about, to });
const ofOrder = (place: Place, { order, buyer, supplier, lines }: OrderRow) =>
  findable(
    ...([
      'Order',
      order,
      `${[...new Set(lines.map(({ item }) => item))].join(', ')} for ${buyer}, from ${supplier}`,
    ] as const),
    viewed(place, 'delivery', { order }),
  );
const ofShipment = (place: Place, { shipment, consignee, carrier }: ShipmentRow) =>
  findable('Shipment', shipment, `for ${consignee}, with ${carrier}`, viewed(place, 'shipments', { shipment }));
const ofSwap = (place: Place, { swap, status, by }: SwapRow) =>
  findable('Swap', swap, `${status}, proposed by ${by}`, viewed(place, 'swaps', { swap }));
const ofParty = (place: Place, { party, name }: PartyRow) =>
  findable('Party', party, name, viewed(place, 'holdings', { why: subjectText({ owner: party }) }));

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows which rows an address answers with
function useOne<T, F>(list: string, id: string, isWanted: boolean, read: (row: T) => F): F | undefined {
  const { ledger = '', at, known } = usePlace();
  const { data } = useQuery({
    queryKey: [ledger, list, 'named', id, at, known],
    queryFn: ({ signal }) => ask<T>(`${ledgerPath(ledger)}/${list}/${encodeURIComponent(id)}`, { at, known }, signal),
    enabled: isWanted && id.length > 1,
    retry: false,
  });
  return data === undefined ? undefined : read(data);
}

/** Only where there are units with numbers is one asked for. */
function useSerial(serial: string, isWanted: boolean): Findable | undefined {
  const place = usePlace();
  const items = useAsk<ItemRow>('items', {}, MOST);
  const hasNumbers = items.rows?.some(({ tracking }) => tracking === 'serial') === true;
  return useOne<UnitRow, Findable>('units', serial, isWanted && hasNumbers && serial.length > 2, (row) => {
    const { owner, custodian, item, order, line, stage } = row;
    const why = subjectText({ owner, custodian, item, order, line, stage });
    return findable(
      ...(['Serial number', serial, `${item}, ${stage.replace('_', ' ')} of ${owner}, with ${custodian}`] as const),
      viewed(place, 'holdings', { why, by: 'lineage' }),
    );
  });
}
