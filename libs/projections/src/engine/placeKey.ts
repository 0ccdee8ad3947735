import type { Place } from '#contracts/move';

/** Names an account within its order; no id holds a `|`. */
export const placeKey = (
  line: string,
  {
    owner,
    custodian,
    stage,
    shipment,
  }: Pick<Place, 'owner' | 'custodian' | 'stage'> & { shipment?: string | null | undefined },
): string => `${line}|${owner}|${custodian}|${stage}|${shipment ?? ''}`;
