import { type DragEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { eventName, moment } from '../format.ts';
import { Drawer } from '../ui/Drawer.tsx';
import { Loading } from '../ui/parts.tsx';
import { OwnKey } from './OwnKey.tsx';
import { keysIn, useOwnKeys } from './ownKeys.ts';
import { reportOnFile } from './report.ts';
import { Verdict } from './Verdict.tsx';

interface Props {
  /** What was dropped on the view already. */
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
          Evidence of an event, as a page or a <code>tlog-proof</code>. This page reads and checks it here; it is sent
          to nobody.
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
  const { data, error } = useQuery({
    queryKey: ['file', file.name, file.size, file.lastModified, own],
    queryFn: async () => reportOnFile(new Uint8Array(await file.arrayBuffer()), keysIn(own)),
    staleTime: 0,
    gcTime: 0,
    retry: false,
    networkMode: 'always',
  });
  return (
    <section>
      <h3>{file.name}</h3>
      {error !== null && <p className="drawer-note">{error.message}</p>}
      {data === undefined ? error === null && <Loading what="the file" /> : <Verdict report={data} />}
      {data?.event !== undefined && <Said bytes={data.event} isProved={data.outcome === 'held'} />}
    </section>
  );
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
