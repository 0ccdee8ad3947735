import { describe, expect, it } from 'vitest';
import { tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const item = (tracking: 'quantity' | 'serial', name = 'B200') =>
  tell('item.registered', { item: 'B200', name, maker: 'nvidia', tracking });

describe('master data', () => {
  it('an item that is registered again changes, but not in how it is tracked', () => {
    const story = given(item('quantity'), item('quantity', 'Blackwell'));
    expect(story.ledger.entity('item/B200')).toMatchObject({ data: { name: 'Blackwell' } });
    expect(story.refusal(item('serial'))).toMatchObject({
      code: 'wrong-tracking',
      facts: { item: 'B200', tracking: 'quantity', asked: 'serial' },
    });
  });

  it('a party that is registered again changes, and its controller need not be registered', () => {
    const story = given(
      tell('party.registered', {
        party: 'tesla',
        name: 'Tesla, Inc.',
        roles: ['customer'],
        controlledBy: ['elon-musk'],
      }),
    );
    expect(story.ledger.entity('party/tesla')).toMatchObject({ data: { name: 'Tesla, Inc.' } });
  });

  it('a ledger is opened once', () => {
    expect(given().refusal(tell('ledger.opened', { name: 'Again', keeper: 'nvidia' }))).toMatchObject({
      code: 'already-exists',
    });
  });
});
