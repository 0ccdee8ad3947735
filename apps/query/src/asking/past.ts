import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseEvent, type LedgerEvent } from '#contracts/cloudEvent';
import { readAfter, readChosen, readEntities } from '#journal/past';
import type { EventBytes } from '#journal/reader';
import { Drain } from '#platform/http/drain';
import type { WithDatabase } from '#platform/service/config';
import { CONFIG } from '#platform/service/tokens';
import { Turns } from '#platform/service/turns';
import { type EventsOfThePast, Scratch } from '#projections/past/scratch';

/** The events of the past, from the journal. */
const events: EventsOfThePast = {
  chosen: async (db, ledger, which, bounds, most) => {
    const found = await readChosen(db, ledger, which, bounds, most);
    return found && parsed(found);
  },
  after: async (db, ledger, after, bounds, most) => {
    const { events, upTo } = await readAfter(db, ledger, after, bounds, most);
    return { events: await parsed(events), upTo };
  },
  entities: readEntities,
};

async function parsed(all: readonly EventBytes[]): Promise<LedgerEvent[]> {
  const turns = new Turns();
  const found: LedgerEvent[] = [];
  for (const { bytes } of all) {
    if (turns.over) await turns.next();
    found.push(parseEvent(bytes));
  }
  return found;
}

/** Where questions about the past are worked out: connections of their own, so that those about now never wait for them. */
@Injectable()
export class Past extends Scratch implements OnApplicationShutdown {
  constructor(@Inject(CONFIG) { databaseUrl }: WithDatabase, drain: Drain) {
    super(databaseUrl, events);
    // Who waits for a database that is away is answered while there is a connection to answer on.
    drain.lastCall.addEventListener('abort', () => {
      this.cut();
    });
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
