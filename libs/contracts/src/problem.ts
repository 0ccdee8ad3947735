import { z } from 'zod';
import { type Facts, rejectionCodes } from './rejections.ts';

/** One bad field: a JSON pointer (RFC 6901) into what was sent, and what is wrong there. */
export const FieldError = z.object({
  pointer: z.string().describe('A JSON pointer (RFC 6901) into what was sent; empty: all of it'),
  detail: z.string(),
});
export type FieldError = z.infer<typeof FieldError>;

/** Why a request is refused before any rule of the ledger is asked, or beside them. Stable: programs act on them. */
const problemCodes = [
  'malformed',
  'not-json',
  'unknown-type',
  'type-not-served-here',
  'idempotency-key-missing',
  'unauthenticated',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'not-acceptable',
  'request-timeout',
  'expectation-failed',
  'unknown-ledger',
  'id-conflict',
  'batch-partly-there',
  'ledger-exists',
  'stream-moved-on',
  'too-large',
  'takes-too-long',
  'unsupported-media-type',
  'too-many-requests',
  'unavailable',
  'disk-full',
  'ledger-stands-still',
  'ledger-damaged',
  'internal',
] as const;
export type ProblemCode = (typeof problemCodes)[number] | (typeof rejectionCodes)[number];

/** An error as RFC 9457 has it. Beside the fields named here stand the facts of the case, to act on. */
export const Problem = z
  .looseObject({
    type: z.string().describe('urn:lading:problem:<code>'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().describe('The path that was asked'),
    code: z.enum([...problemCodes, ...rejectionCodes]),
    errors: z.array(FieldError).optional(),
    retryAfter: z.int().optional().describe('Of 429 and 503: seconds until it may be sent again'),
    recorded: z
      .enum(['no', 'unknown'])
      .optional()
      .describe(
        'Of 429 and 503 on a submitting route: `no`, nothing of it was recorded. `unknown`: send the same again, it is taken once',
      ),
  })
  .meta({ id: 'Problem' });
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string | undefined;
  readonly code: string;
  readonly errors?: readonly FieldError[] | undefined;
  readonly [fact: string]: unknown;
}

interface ProblemParts {
  readonly detail: string;
  readonly instance?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  /** Spread into the document. */
  readonly facts?: Facts | undefined;
}

/** A problem document. `title` is made from the code: it says the same in every case, as RFC 9457 asks. */
export function problem(status: number, code: string, { detail, instance, errors, facts }: ProblemParts): Problem {
  return {
    ...facts,
    type: `urn:lading:problem:${code}`,
    title: titleOf(code),
    status,
    detail,
    ...(instance !== undefined && { instance }),
    code,
    ...(errors !== undefined && errors.length > 0 && { errors: [...errors] }),
  };
}

/** `insufficient-quantity` → `Insufficient quantity`. */
const titleOf = (code: string): string => (code.charAt(0).toUpperCase() + code.slice(1)).replaceAll('-', ' ');
