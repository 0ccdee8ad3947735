import { parseAccountKey } from '../account.ts';
import { type Rejected, reject } from '../decision.ts';
import type { LineOf } from '../order/line.ts';

export const serialCount = ({ order, line, item }: LineOf, asked: number, named: number): Rejected =>
  reject(
    'serial-count',
    `${asked} units of line ${line} of order ${order} move, and ${named} different serial numbers are named. Name each unit once.`,
    { order, line, item, asked, named },
  );

export const serialElsewhere = ({ order, line, item }: LineOf, serial: string, where: string | undefined): Rejected => {
  const account = where === undefined ? null : parseAccountKey(where);
  return reject(
    'serial-elsewhere',
    account === null
      ? `${item} ${serial} is not among the units of line ${line} of order ${order} there: all of them have other serial numbers.`
      : `${item} ${serial} is not there: by the books ${account.custodian} has it (${account.stage}, line ${account.line} of order ${account.order}, owner ${account.owner}), or another line of this event names it.`,
    { order, line, item, serial, account },
  );
};
