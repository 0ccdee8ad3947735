import { applyDecorators, Controller, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Requires } from '#platform/keys/requires';
import { AnswerInterceptor } from './answer.interceptor.ts';

/** A controller of routes under `/v1/ledgers/{ledger}` that a `read` key may ask. */
export const LedgerRoutes = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`v1/ledgers/:ledger/${path}`),
    Requires('read'),
    UseInterceptors(AnswerInterceptor),
    ApiTags(path),
  );

export const ledgerParameter = ['The ledger', 'nvidia'] as const;
