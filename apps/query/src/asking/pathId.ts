import type { PipeTransform } from '@nestjs/common';
import { Id } from '#contracts/scalars';
import { notFound } from './refusals.ts';

/** An id in the path. What can be nobody's id is not there. */
export const pathId = (what: string): PipeTransform<string, string> => ({
  transform: (id) => {
    if (Id.safeParse(id).success) return id;
    throw notFound(`there is no ${what} with this id: ${Id.safeParse(id).error?.issues[0]?.message ?? ''}`);
  },
});
