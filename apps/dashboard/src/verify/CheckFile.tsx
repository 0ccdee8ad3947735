import { type DragEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { eventName, moment, plural } from '../format.ts';
import { Drawer } from '../ui/Drawer.tsx';
import { Loading } from '../ui/parts.tsx';
import { Heads, ScrollTable } from '../ui/View.tsx';
import { OwnKey } from './OwnKey.tsx';
import { keysIn, useOwnKeys } from './ownKeys.ts';
import { reportOnFile } from './report.ts';
import { Verdict } from './Verdict.tsx';

interface Props {
  /** What was dropped on the page already. */
  readonly dropped: File | undefined;
  readonly onClose: () => void;
}

/** Checks a file that somebody was given. It is read by this page, and sent to nobody. */
export function CheckFile({ dropped, onClose }: Props) {
  const [chosen, setChosen] = useState<{ readonly file: File; readonly turn: number }>();
  const [isOver, setIsOver] = useState(false);
  const file = chosen?.file ?? dropped;
  const take = (files: FileList | null) => {
    const [first] = files ?? [];
    if (first !== undefined) setChosen({ file: first, turn: (chosen?.turn ?? 0) + 1 });
  };
  const over = (isOn: boolean) => (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setIsOver(isOn);
  };
  return (
    <Drawer title="Check a file" note="Also without a network, once this page is open" onClose={onClose}>
      <div className="check-file">
        <p className="small">
          Evidence of an event, as a page or a <code>tlog-proof</code>; or a bundle of many events, as{' '}
          <code>lading export</code> writes it. This page reads and checks it here; it is sent to nobody.
        </p>
        <label
          className={isOver ? 'drop over' : 'drop'}
          onDragOver={over(true)}
          onDragLeave={over(false)}
          onDrop={(event) => {
            over(false)(event);
            take(event.dataTransfer.files);
          }}
        >
          <span>
            Drop a file here, or <u>choose one</u>
          </span>
          <input
            type="file"
            className="unseen"
            onChange={(event) => {
              take(event.target.files);
            }}
          />
        </label>
        <OwnKey />
      </div>
      {file !== undefined && <Checked key={`${file.name} ${chosen?.turn ?? 0}`} file={file} />}
    </Drawer>
  );
}

function Checked({ file }: { readonly file: File }) {
  const own = useOwnKeys();
  const [events, setEvents] = useState(0);
  const { data, error } = useQuery({
    queryKey: ['file', file.name, file.size, file.lastModified, own],
    queryFn: () => reportOnFile(file, keysIn(own), nowAndThen(setEvents)),
    staleTime: 0,
    gcTime: 0,
    retry: false,
    networkMode: 'always',
  });
  return (
    <section>
      <h3>{file.name}</h3>
      {error !== null && <p className="drawer-note">{error.message}</p>}
      {data === undefined ? error === null && <Reading events={events} /> : <Verdict report={data} />}
      {data?.bundle !== undefined && <Events {...data.bundle} isProved={data.outcome === 'held'} />}
      {data?.event !== undefined && <Said bytes={data.event} isProved={data.outcome === 'held'} />}
    </section>
  );
}

const TELL_MS = 200;

function nowAndThen(tell: (events: number) => void): (events: number) => void {
  let told = performance.now();
  return (events) => {
    if (performance.now() - told < TELL_MS) return;
    told = performance.now();
    tell(events);
  };
}

function Reading({ events }: { readonly events: number }) {
  return (
    <>
      {events > 0 && <p className="drawer-note small">{plural(events, 'event')} checked so far …</p>}
      <Loading what="the file" />
    </>
  );
}

interface EventsProps {
  readonly begin: readonly Uint8Array[];
  readonly events: number;
  readonly isProved: boolean;
}

/** What a bundle says, its first events. */
function Events({ begin, events, isProved }: EventsProps) {
  const title = `${plural(events, 'event')} in it${isProved ? '' : ' (what the file says, NOT proved)'}`;
  return (
    <>
      <h3>{title}</h3>
      {events > begin.length && <p className="drawer-note small">The first {begin.length}:</p>}
      <ScrollTable label="Events in the bundle">
        <Heads names={['Event', 'About', 'Happened']} />
        <tbody>
          {begin.map(saidIn).map(({ type, sequence, subject, time }) => (
            <tr key={sequence}>
              <th scope="row">
                {eventName(type)} #{sequence}
              </th>
              <td className="mono small">
                <bdi>{subject}</bdi>
              </td>
              <td className="small">{whenOf(time)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </>
  );
}

function saidIn(bytes: Uint8Array) {
  const said = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof said[name] === 'string' ? said[name] : '');
  return { type: text('type'), sequence: Number(said.sequence), subject: text('subject'), time: text('time') };
}

/** What the event in the file says. Nothing of it is proved unless every check held. */
function Said({ bytes, isProved }: { readonly bytes: Uint8Array; readonly isProved: boolean }) {
  const said = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof said[name] === 'string' ? said[name] : '');
  return (
    <>
      <h3>
        {eventName(text('type'))} #{Number(text('sequence'))}
        {!isProved && ' (what the file says, NOT proved)'}
      </h3>
      <p className="drawer-note small">
        <bdi>{text('subject')}</bdi> of the ledger <bdi>{text('ledger')}</bdi>, happened {whenOf(text('time'))}
      </p>
      <details className="bytes">
        <summary>The event in the file</summary>
        <pre tabIndex={0} className="mono small">
          {JSON.stringify(said, null, 2)}
        </pre>
      </details>
    </>
  );
}

const whenOf = (time: string): string => (Number.isNaN(Date.parse(time)) ? time : moment(time));
