import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { type FileEvent, readEvents } from '../../readEvents.ts';
import { routeOver, submitEvents } from '../../submitEvents.ts';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { HoldingGroupRow, UnitRow } from '#contracts/rows';
import { rangeOf, rangesOf, type SerialRange } from '#contracts/serials';
import { type Lading, startLading } from '#test/setup/startLading';

describe('the chain: a maker sells to a system house, which sells on to its customers', () => {
  let lading: Lading;
  let sequence = 0;
  let told: AsyncGenerator<FileEvent, void>;

  beforeAll(async () => {
    lading = await startLading();
    const body = JSON.stringify({ name: 'The chain', keeper: 'maker' });
    await lading.client.send('PUT', '/v1/ledgers/chain', { type: 'application/json', body });
    told = readEvents(fileURLToPath(new URL('./story.json', import.meta.url)));
  });
  afterAll(() => lading.stop());

  /** The story goes on up to the event with this id. */
  const until = async (id: string): Promise<void> => {
    const { client } = lading;
    const part = async function* () {
      for (;;) {
        const next = await told.next();
        if (next.done === true) throw new Error(`The story has no event ${id}.`);
        yield next.value;
        if ((JSON.parse(next.value.text) as { id: string }).id === id) return;
      }
    };
    const route = routeOver({ shipments: client, reallocations: client, swaps: client });
    for await (const result of submitEvents(route, 'chain', part())) {
      expect(result).toMatchObject({ status: 201 });
      sequence = result.sequence ?? 0;
    }
  };

  const ask = <R>(path: string) =>
    lading.client.list<R>(`/v1/ledgers/chain/${path}${path.includes('?') ? '&' : '?'}min-sequence=${sequence}`);
  /** What the parties have, or are on the way to get, in words. */
  const holdings = async (query = '') =>
    (await ask<HoldingGroupRow>(`holdings?groupBy=owner,item,stage${query}`))
      .filter(({ stage }) => stage !== 'ordered')
      .map(({ owner, item, stage, quantity }) => `${owner}: ${quantity} ${item} ${stage}`);
  const made = async (owner: string) =>
    (await ask<HoldingGroupRow>(`holdings?accounts=all&groupBy=owner,item,stage&owner=${owner}`))
      .filter(({ stage, quantity }) => stage === 'supply' && quantity !== 0)
      .map(({ item, quantity }) => `${-quantity} ${item}`);

  it('the house receives the ten boards and twenty power supplies that the maker made', async () => {
    await until('house-receives');
    expect(await holdings()).toEqual(['house: 10 BOARD held', 'house: 20 PSU held']);
  });

  it('what the house sells on is on its way to the laboratory, is the laboratory’s, and is nothing more', async () => {
    await until('house-dispatches');
    expect(await holdings()).toEqual(['lab: 10 BOARD in_transit', 'lab: 20 PSU in_transit']);
    await until('lab-receives');
    expect(await holdings()).toEqual(['lab: 10 BOARD held', 'lab: 20 PSU held']);
  });

  it('what the laboratory returns is in nobody’s hands until it is sold again', async () => {
    await until('lab-returns');
    expect(await holdings()).toEqual(['lab: 9 BOARD held', 'lab: 18 PSU held']);
    const [unit] = await ask<UnitRow>('units?item=BOARD&stage=returned');
    expect(unit).toMatchObject({ serial: 'B-03', owner: 'house', custodian: 'house', order: 'SO-LAB-1' });
  });

  it('sold again, it is the studio’s: ten boards are ten boards, and the house has none', async () => {
    await until('studio-receives');
    expect(await holdings()).toEqual([
      'lab: 9 BOARD held',
      'lab: 18 PSU held',
      'studio: 1 BOARD held',
      'studio: 2 PSU held',
    ]);
    expect(await ask('holdings?item=BOARD&groupBy=item')).toEqual([{ item: 'BOARD', quantity: 10 }]);
    expect(await holdings('&custodian=house')).toEqual([]);
    expect(await ask('holdings?stage=ordered')).toEqual([]);
    const ofStudio = (await ask<UnitRow>('units?item=BOARD&owner=studio')).map(({ serial }) => serial);
    const ofLab = (await ask<UnitRow>('units?item=BOARD&owner=lab')).map(({ serial }) => serial);
    expect(ofStudio).toEqual(['B-03']);
    expect(ofLab).toEqual(['B-01', 'B-02', 'B-04', 'B-05', 'B-06', 'B-07', 'B-08', 'B-09', 'B-10']);
  });

  it('only the maker made units, whatever was sold since; and every item is at zero over all accounts', async () => {
    expect(await made('maker')).toEqual(['10 BOARD', '20 PSU']);
    expect(await made('house')).toEqual([]);
    expect(await ask('holdings?accounts=all&groupBy=item')).toEqual([
      { item: 'BOARD', quantity: 0 },
      { item: 'PSU', quantity: 0 },
    ]);
  });

  it('the events of the board that was sold again tell of both sales', async () => {
    const board = rangeOf('B-03');
    const isIt = ({ prefix, from, to }: SerialRange) =>
      prefix === board.prefix && from <= board.from && board.from <= to;
    const sent = (await ask<LedgerEvent>('events')).flatMap((event) =>
      movesOf(event).filter(({ to, serials = [] }) => to.stage === 'in_transit' && rangesOf(serials).some(isIt)),
    );
    expect(sent.map(({ order, to }) => `${order}: ${to.owner}`)).toEqual([
      'PO-HOUSE-1: house',
      'SO-LAB-1: lab',
      'SO-STUDIO-1: studio',
    ]);
  });

  it('nothing needs a look: every promise was kept, and what is sold again is no duplicate', async () => {
    expect(await ask('flags')).toEqual([]);
  });
});
