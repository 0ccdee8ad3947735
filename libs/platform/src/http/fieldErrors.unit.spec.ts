import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { fieldErrors } from './fieldErrors.ts';

const wrong = (schema: z.ZodType, input: unknown) => fieldErrors(schema.safeParse(input).error?.issues ?? [], input);

it('the error of a list that came as one text says which of its parts is wrong, not that it is missing', () => {
  const keys = z.object({ keys: z.preprocess((text) => String(text).split(','), z.array(z.enum(['owner', 'item']))) });
  expect(wrong(keys, { keys: 'owner,colour' })).toEqual([{ pointer: '/keys/1', detail: 'expected "owner" or "item"' }]);
});

it('the error of a field that is not there says that it is missing', () => {
  expect(wrong(z.object({ tracking: z.enum(['a', 'b']) }), {})).toEqual([{ pointer: '/tracking', detail: 'missing' }]);
});
