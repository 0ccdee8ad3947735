import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { List } from '#contracts/rows';
import type { EntityKey } from '#ledger/entity';
import { streamVersion } from '#journal/reader';
import { BadCursor, type Page } from '#projections/reading/page';
import type { ReadModel } from '#projections/reading/readModel';
import { Answer } from './answer.ts';
import { Ask } from './ask.query.ts';
import { malformed, notFound } from './refusals.ts';

interface Asked {
  readonly 'min-sequence'?: number | undefined;
}
interface AskedList extends Asked {
  readonly cursor?: string | undefined;
}

/** Dispatches what the routes ask, and puts the results into the answers of the contract. */
@Injectable()
export class Asking {
  constructor(private readonly queries: QueryBus) {}

  /** A page of a list: `{ledger, sequence, data, next}`. */
  async list<R>(
    ledger: string,
    asked: AskedList,
    read: (model: ReadModel) => Promise<Page<R>>,
  ): Promise<Answer<List<R>>> {
    try {
      const { sequence, result } = await this.queries.execute(new Ask(ledger, asked['min-sequence'], read));
      return new Answer({ ledger, sequence, data: result.data, next: result.next }, { sequence });
    } catch (error) {
      throw asked.cursor === undefined ? error : orBadCursor(error);
    }
  }

  /** One row, with the version of its entity's stream where it has one; 404 when it is not there. */
  async one<R>(
    ledger: string,
    asked: Asked,
    what: { readonly name: string; readonly entity?: EntityKey },
    read: (model: ReadModel) => Promise<R | undefined>,
  ): Promise<Answer<R>> {
    const ask = new Ask(ledger, asked['min-sequence'], async (model) => ({
      row: await read(model),
      version: what.entity && (await versionOf(model, what.entity)),
    }));
    const { sequence, result } = await this.queries.execute(ask);
    if (result.row === undefined) throw notFound(`the ledger ${ledger} has no ${what.name}`, { ledger });
    return new Answer(result.row, { sequence, version: result.version });
  }
}

/** Somebody made the cursor up: it is not one of this list, or it holds values that no row has (SQLSTATE class 22). */
function orBadCursor(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  const bad = error instanceof BadCursor || (typeof code === 'string' && code.startsWith('22'));
  return bad ? malformed([{ pointer: '/cursor', detail: 'not a cursor of this list' }]) : error;
}

/** As of the answer: a later event of the stream is not in it, and whoever acts on the answer has to be told of that. */
async function versionOf({ db, ledger, sequence }: ReadModel, entity: EntityKey): Promise<number | undefined> {
  return (await streamVersion(db, ledger, entity, sequence)) || undefined;
}
