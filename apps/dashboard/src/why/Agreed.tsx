import type { LineageStep } from '#contracts/lineageRows';
import { plural } from '../format.ts';

type Agreement = NonNullable<LineageStep['agreement']>;

/** On what units changed their owner: the swap or reallocation, whose authority and word it was, and why. */
export function Agreed({ agreement }: { readonly agreement: Agreement }) {
  const { swap, reallocation, authorisedBy, accepted, reason, evidence } = agreement;
  return (
    <p className="small">
      {swap === null ? `Reallocation ${reallocation ?? ''}` : `Swap ${swap}`}
      {authorisedBy !== null && `, authorised by ${authorisedBy}`}
      {accepted.length > 0 && `, accepted by ${accepted.join(' and ')}`}
      {reason !== null && (
        <>
          : <q>{reason}</q>
        </>
      )}
      {evidence.length > 0 && ` (${plural(evidence.length, 'piece')} of evidence)`}
    </p>
  );
}
