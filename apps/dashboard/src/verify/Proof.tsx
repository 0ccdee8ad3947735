import { useQuery } from '@tanstack/react-query';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { sameBytes } from '#proofs/primitives';
import { bytesOf } from '#proofs/text';
import { request } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { saveFile } from '../ui/exporting.ts';
import { Loading, Trouble } from '../ui/parts.tsx';
import { usePlace } from '../url/usePlace.ts';
import { OwnKey } from './OwnKey.tsx';
import { keysIn, useOwnKeys } from './ownKeys.ts';
import { reportOn } from './report.ts';
import { Verdict } from './Verdict.tsx';

interface Props {
  readonly sequence: number;
  /** The event as the page shows it: what is proved has to be the same. */
  readonly text: string;
}

/** The proof of an event, checked by this page: against the signed checkpoint, with the key that signed it. */
export function Proof({ sequence, text }: Props) {
  const { ledger = '' } = usePlace();
  const own = useOwnKeys();
  const evidence = useQuery({
    queryKey: [ledger, 'evidence', sequence],
    queryFn: async ({ signal }) => {
      const path = `${ledgerPath(ledger)}/events/${sequence}/evidence`;
      const answer = await request(path, { headers: { accept: 'text/html' }, signal });
      return new Uint8Array(await answer.arrayBuffer());
    },
    staleTime: Infinity,
  });
  const checked = useQuery({
    queryKey: [ledger, 'proof', sequence, own, evidence.dataUpdatedAt],
    queryFn: async () => {
      const report = await reportOn(readEvidenceFile(evidence.data ?? new Uint8Array()), keysIn(own));
      if (report.event !== undefined && sameBytes(report.event, bytesOf(text))) return report;
      return { ...report, outcome: 'broken' as const, title: 'NOT verified: the proof is of another event' };
    },
    enabled: evidence.data !== undefined,
    staleTime: Infinity,
    retry: false,
  });
  const error = evidence.error ?? checked.error;
  return (
    <section>
      <h3>Its proof, checked by this page</h3>
      {error !== null && <Trouble error={error} again={() => void evidence.refetch()} />}
      {checked.data === undefined ? error === null && <Loading what="the proof" /> : <Verdict report={checked.data} />}
      <div className="proof-tools no-print">
        <OwnKey />
        <button
          type="button"
          className="button"
          disabled={evidence.data === undefined}
          onClick={() => {
            if (evidence.data !== undefined)
              saveFile(new Blob([evidence.data], { type: 'text/html' }), `${ledger}-${sequence}.html`);
          }}
        >
          Save the evidence as a file
        </button>
      </div>
    </section>
  );
}
