import type { LineageRow, LineageStep } from '#contracts/lineageRows';
import type { PartyTenureRow, UnitTenureRow } from '#contracts/tenureRows';
import { formatNumber, renderTable } from '../table.ts';
import type { ListCommand } from './listCommand.ts';

export const day = (moment: string): string => moment.slice(0, 10);
/** The type of an event, and whether it was taken back. */
export const shortType = (type: string, voidedBy?: number | null): string =>
  `${type.replace(/^lading\.|\.v1$/g, '')}${voidedBy == null ? '' : ` (taken back by ${voidedBy})`}`;
const wordsOf = (type: string): string => shortType(type).replace(/[._]/g, ' ');

/** Lists of where units came from, and of who had them when. */
export const tracing: readonly ListCommand[] = [
  {
    name: 'why',
    description: 'where units came from: who ordered, sent and gave them, and on whose authority',
    path: 'holdings/lineage',
    filters: {
      owner: 'only what this party owns',
      custodian: 'only what this party has in its hands',
      item: 'only this item',
      order: 'only units of this order',
      line: 'only units of this line of it',
      stage: 'ordered, in_transit, held or damaged',
      serial: 'only the unit with this serial number',
    },
    example: 'why --ledger nvidia --owner x --stage held',
    table: (rows: readonly LineageRow[]) =>
      rows.length === 0 ? 'Nothing.' : rows.map((row) => [headOf(row), ...waysOf(row)].join('\n')).join('\n'),
  },
  {
    name: 'tenure',
    description: 'what a party had, from when to when, in unit-days',
    path: 'parties/:item/tenure',
    argument: ['party', 'the party that owned units, or had them in its hands'],
    filters: {
      as: 'owner or custodian: only what it owned, or had in its hands',
      item: 'only this item',
      order: 'only units of this order',
      stage: 'ordered, in_transit, held or damaged',
    },
    example: 'tenure tesla --ledger nvidia --as owner',
    table: (rows: readonly PartyTenureRow[]) =>
      rows.length === 0
        ? 'Nothing.'
        : renderTable(rows, [
            { title: 'as', value: ({ as }) => as },
            { title: 'order', value: ({ order, line }) => `${order}/${line}` },
            { title: 'item', value: ({ item }) => item },
            { title: 'stage', value: ({ stage }) => stage },
            { title: 'from', value: ({ from }) => day(from.occurred) },
            { title: 'to', value: ({ to }) => to && day(to.occurred) },
            { title: 'most', value: ({ most }) => most, align: 'right' },
            { title: 'unit-days', value: ({ unitDays }) => Math.round(unitDays), align: 'right' },
          ]),
  },
  {
    name: 'unit',
    description: 'who owned a unit, and who had it, from when to when',
    path: 'units/:item/:serial/history',
    argument: ['item', 'the item of the unit'],
    second: ['serial', 'its serial number'],
    filters: {},
    example: 'unit GB200 GB200-000001 --ledger nvidia',
    table: (rows: readonly UnitTenureRow[]) =>
      rows.length === 0
        ? 'Nothing.'
        : renderTable(rows, [
            { title: 'owner', value: ({ owner }) => owner },
            { title: 'in the hands of', value: ({ custodian }) => custodian },
            { title: 'stage', value: ({ stage }) => stage },
            { title: 'order', value: ({ order, line }) => `${order}/${line}` },
            { title: 'from', value: ({ from }) => day(from.occurred) },
            { title: 'to', value: ({ to }) => to && day(to.occurred) },
            { title: 'days', value: ({ days }) => Math.round(days * 10) / 10, align: 'right' },
          ]),
  },
];

const headOf = ({ owner, custodian, item, order, line, stage, quantity }: LineageRow): string =>
  `${formatNumber(quantity)} ${item} of ${owner}, ${stage}, with ${custodian} (${order} line ${line})`;

function waysOf({ branches, partial }: LineageRow): string[] {
  const ways = branches.map(({ quantity, steps, withheld, partial: isPart }) => {
    const notes = [
      ...(withheld === true ? ['events that this key may not read are left out'] : []),
      ...(isPart === true ? ['not all of the way is known, or shown'] : []),
    ];
    const table = renderTable(steps, [
      { title: formatNumber(quantity), value: ({ sequence }) => `#${String(sequence)}`, align: 'right' },
      { title: 'happened', value: ({ occurred }) => day(occurred) },
      { title: 'what', value: ({ type, order, line }) => `${wordsOf(type)} (${order}/${line})` },
      { title: 'by', value: ({ by }) => by },
      { title: 'then', value: ({ to }) => to && `${to.owner}, ${to.stage}` },
      { title: 'on whose word', value: ({ agreement }) => agreement && wordOf(agreement) },
    ]);
    return [table, ...notes.map((note) => `  (${note})`)].join('\n');
  });
  return partial === true ? [...ways, '  (there are more ways than these, or too many events to follow them)'] : ways;
}

function wordOf({ swap, reallocation, by, accepted, authorisedBy, reasonCode, evidence }: Agreement): string {
  const words = [
    swap ?? reallocation,
    `by ${by}`,
    accepted.length > 0 ? `agreed: ${accepted.join(', ')}` : '',
    authorisedBy === null ? '' : `authorised: ${authorisedBy}`,
    reasonCode ?? '',
    ...evidence.map(({ kind }) => `evidence: ${kind}`),
  ];
  return words.filter((word) => word !== '').join('; ');
}
type Agreement = NonNullable<LineageStep['agreement']>;
