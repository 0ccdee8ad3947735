import { describe, expect, it } from 'vitest';
import { addressOf, chosen, type Place, placeOf, viewed } from './place.ts';

const read = (address: string): Place => placeOf(new URL(address, 'http://localhost'));
const place: Place = {
  ledger: 'nvidia',
  view: 'holdings',
  at: '2023-12-20',
  known: 16,
  choices: { item: 'H100', show: 'flow', why: 'owner:x~stage:held' },
};

describe('the address of the dashboard', () => {
  it('holds every choice: reading it gives the place that it was made of', () => {
    expect(read(addressOf(place))).toEqual(place);
  });

  it('is the same whatever the order in which things were chosen', () => {
    const { item, show, why } = place.choices;
    expect(addressOf({ ...place, choices: { why, show, item } })).toBe(addressOf(place));
  });

  it('keeps ids as other systems make them', () => {
    const odd = { ...place, ledger: 'a/b ü?#&=+%', choices: { item: 'GPU & co/+%7E ~' } };
    expect(read(addressOf(odd))).toEqual(odd);
  });

  it('says nothing of what is not chosen', () => {
    expect(addressOf({ ...place, at: undefined, known: undefined, choices: { item: undefined, show: '' } })).toBe(
      '/app/nvidia/holdings',
    );
  });

  it.each([
    ['/app', undefined],
    ['/app/', undefined],
    ['/app/%ff/holdings', undefined],
    ['/app/nvidia/none', 'nvidia'],
  ])('%s leads to the first view, with ledger %s', (address, ledger) => {
    expect(read(address)).toMatchObject({ ledger, view: 'holdings' });
  });

  it.each(['at=yesterday', 'at=2023-13-41', 'at=2023-12-19T09:00', 'known=-1', 'known=1e3', 'known=all'])(
    'leaves out %s, which is no moment',
    (search) => {
      expect(read(`/app/nvidia/holdings?${search}`)).toMatchObject({ at: undefined, known: undefined });
    },
  );

  it('of another view keeps the moment and not the choices of the view before', () => {
    expect(viewed(place, 'flags')).toEqual({ ...place, view: 'flags', choices: {} });
  });

  it('changes one choice and keeps the others', () => {
    expect(chosen(place, { why: undefined }).choices).toEqual({ item: 'H100', show: 'flow', why: undefined });
  });
});
