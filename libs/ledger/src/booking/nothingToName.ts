import { countSerials, type Serials } from '#contracts/serials';
import { isRejected, type Rejected } from '../decision.ts';
import type { LineOf } from '../order/line.ts';
import type { View } from '../view.ts';
import { serialCount } from './serialRejections.ts';
import { trackingOf, wrongTracking } from './tracking.ts';

/** Where no unit moves, none is named: rejects with `serial-count`, or `wrong-tracking` where there are no names at all. */
export function nothingToName(view: View, line: LineOf, serials: Serials | undefined): Rejected | undefined {
  if (serials === undefined) return undefined;
  const tracking = trackingOf(view, line);
  if (isRejected(tracking)) return tracking;
  return tracking === 'serial' ? serialCount(line, 0, countSerials(serials)) : wrongTracking(line);
}
