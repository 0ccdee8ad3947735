import { Injectable, type PipeTransform } from '@nestjs/common';
import { fieldErrors } from '#platform/http/fieldErrors';
import type { z } from 'zod';
import { malformed } from './refusals.ts';

/** Checks the query string: every bad or unknown parameter is named, by its pointer into the query. */
@Injectable()
export class ParseQuery<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(query: unknown): z.output<S> {
    return parseQuery(this.schema, query);
  }
}

export function parseQuery<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw malformed(
    fieldErrors(parsed.error.issues, query).map(({ pointer, detail }) => ({
      pointer,
      detail: detail === 'unknown field' ? 'unknown parameter' : detail,
    })),
  );
}
