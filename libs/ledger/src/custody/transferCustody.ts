import { book } from '../booking/book.ts';
import { completeLines } from '../booking/completeLines.ts';
import { drawEach } from '../booking/drawEach.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, reject } from '../decision.ts';
import { findLines } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { sourceWith } from '../units/sourceWith.ts';

/** Units change hands: the custodian changes, the owner and the stage stay. */
export const transferCustody: Rule<'lading.custody.transferred.v1'> = (data, view) => {
  const { from, to } = data;
  const lines = findLines(view, data.lines);
  const unknown = unregistered(view, [
    ['from', from],
    ['to', to],
    ...data.lines.map(({ owner }) => ['owner', owner] as const),
  ]);
  if (unknown !== undefined) return unknown;
  if (from === to) {
    return reject('nothing-to-do', `${from} has these units already. Name the custodian that gets them.`, { from, to });
  }
  if (isRejected(lines)) return lines;

  const draws = drawEach(
    lines,
    (line, asked) => sourceWith(line, from, asked),
    ({ owner, stage }) => ({ owner, custodian: to, stage }),
  );
  if (isRejected(draws)) return draws;
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.custody.transferred.v1'>({ ...data, lines: completeLines(lines, draws), moves });
};
