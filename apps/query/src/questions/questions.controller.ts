import { applyDecorators, Controller, Get, Inject, Req, type Type } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Id } from '#contracts/scalars';
import { heldKeyOf, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import type { Page } from '#projections/reading/page';
import { Answer } from '../asking/asking.interceptor.ts';
import { notFound } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { Ask } from './ask.handler.ts';
import type { Question } from './question.ts';
import { type QuestionName, questions } from './questions.ts';

interface Parts {
  readonly Params: { readonly ledger: string; readonly item?: string; readonly id?: string };
  /** As the question's parameters were parsed. */
  readonly Querystring: Readonly<Record<string, unknown>>;
}
type Asking = FastifyRequest<Parts>;

/**
 * The controllers of all questions, one for each list: `OrdersController` has the routes `orders.list` and `orders.one`. Nest knows routes
 * as methods of classes, so these are made from the table.
 */
export const questionControllers: Type[] = [...tagged()].map(([tag, names]) => controllerOf(tag, names));

function tagged(): Map<string, QuestionName[]> {
  const tags = new Map<string, QuestionName[]>();
  for (const name of Object.keys(questions) as QuestionName[]) {
    const [tag = ''] = name.split('.');
    tags.set(tag, [...(tags.get(tag) ?? []), name]);
  }
  return tags;
}

function controllerOf(tag: string, names: readonly QuestionName[]): Type {
  class QuestionController {
    constructor(readonly queries: QueryBus) {}
  }
  const { prototype } = QuestionController;
  for (const name of names) {
    const [, method = ''] = name.split('.');
    const value = function (this: QuestionController, request: Asking): Promise<Answer> {
      return answer(this.queries, name, request);
    };
    Object.defineProperty(value, 'name', { value: method });
    const descriptor = { value, writable: true, configurable: true };
    Object.defineProperty(prototype, method, descriptor);
    routeOf(tag, questions[name])(prototype, method, descriptor);
    Req()(prototype, method, 0);
  }
  Inject(QueryBus)(QuestionController, undefined, 0);
  Object.defineProperty(QuestionController, 'name', {
    value: `${tag.charAt(0).toUpperCase()}${tag.slice(1)}Controller`,
  });
  applyDecorators(Controller(`v1/ledgers/:ledger/${tag}`), Requires('read'), ApiTags(tag))(QuestionController);
  return QuestionController;
}

function routeOf(tag: string, question: Question): MethodDecorator {
  const { path, summary, description, parameters, row, item, id, versioned } = question;
  return applyDecorators(
    Get(path.slice(tag.length + 1)),
    Asks({
      summary,
      ...(description !== undefined && { description }),
      path: {
        ledger: ledgerParameter,
        ...(item && { item: [item.description, item.example] as const }),
        ...(id && { id: [id.description, id.example] as const }),
      },
      parameters,
      ...(question.answer === 'page' ? { listOf: row } : { answer: row }),
      ...(versioned === true && { versioned }),
    }),
  );
}

async function answer(queries: QueryBus, name: QuestionName, request: Asking): Promise<Answer> {
  const { params, query } = request;
  const { ledger, item, id = '' } = params;
  const party = readsFor(heldKeyOf(request).actor);
  const question: Question = questions[name];
  if (question.id !== undefined) checkId(question.id, id);
  if (question.item !== undefined) checkId(question.item, item ?? '');
  const asked = item === undefined ? query : { ...query, item };
  const { sequence, bounds, found, version } = await queries.execute(new Ask(name, ledger, asked, id, party));
  if (question.answer === 'row') return new Answer(found, { sequence, bounds, version });
  return new Answer({ ledger, sequence, ...bounds, ...(found as Page<unknown>) }, { sequence, bounds });
}

/** What cannot be an id is the id of nothing. */
function checkId({ what, composed, text = Id }: NonNullable<Question['id']>, id: string): void {
  if (composed === true && !/\p{Cc}/u.test(id)) return;
  const parsed = text.safeParse(id);
  if (!parsed.success) throw notFound(`there is no ${what} with this id: ${parsed.error.issues[0]?.message ?? ''}`);
}
