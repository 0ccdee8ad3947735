import { book } from '../booking/book.ts';
import { completeLines } from '../booking/completeLines.ts';
import { drawEach } from '../booking/drawEach.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected } from '../decision.ts';
import { findLines } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { sourceWith } from './sourceWith.ts';

/** A custodian scraps units that it holds, or damaged ones: they stay their owner's, and are gone. */
export const scrap: Rule<'lading.units.scrapped.v1'> = (data, view) => {
  const { custodian } = data;
  const lines = findLines(view, data.lines);
  const unknown = unregistered(view, [
    ['custodian', custodian],
    ...data.lines.map(({ owner }) => ['owner', owner] as const),
  ]);
  if (unknown !== undefined) return unknown;
  if (isRejected(lines)) return lines;

  const draws = drawEach(
    lines,
    (line, asked) => sourceWith(line, custodian, asked),
    ({ owner }) => ({ owner, custodian, stage: 'scrapped' }),
  );
  if (isRejected(draws)) return draws;
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.units.scrapped.v1'>({ ...data, lines: completeLines(lines, draws), moves });
};
