import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Journal } from '#journal/journal';
import type { JournalOptions } from '#journal/journalOptions';
import { OpenLedgerHandler } from './commands/openLedger.ts';
import { SubmitHandler } from './commands/submit.ts';
import { SubmitAtomicHandler } from './commands/submitAtomic.ts';
import type { WritingService } from './events/asked.ts';
import { AtomicIntake } from './events/atomicIntake.ts';
import { BatchIntake } from './events/batchIntake.ts';
import { eventsController } from './events/events.controller.ts';
import { ItemIntake } from './events/itemIntake.ts';
import { SingleIntake } from './events/singleIntake.ts';
import { StreamIntake } from './events/streamIntake.ts';
import { refuseOtherContentTypes } from './http/accepts.ts';
import { JournalLifetime, journalProviders } from './journalConnections.ts';
import { KnownLedgers } from './ledgers/knownLedgers.ts';
import { LedgersController } from './ledgers/ledgers.controller.ts';
import { PlainIntake } from './plain/plainIntake.ts';
import { ReallocationsController } from './plain/reallocations.controller.ts';
import { SwapsController } from './plain/swaps.controller.ts';

/** What a service serves beside its events. */
const PLAIN: Readonly<Record<WritingService, Type>> = {
  shipments: LedgersController,
  reallocations: ReallocationsController,
  swaps: SwapsController,
};

/** Takes events in over HTTP: the submitting half of the contract, for the types of some services. */
@Module({})
export class IntakeModule {
  constructor(host: HttpAdapterHost<FastifyAdapter>) {
    refuseOtherContentTypes(host.httpAdapter.getInstance());
  }

  /**
   * One route for the events of all these services, and the plain routes of each. A process has one of these, and with it one
   * journal: it is what gathers the commands of all its routes into batches.
   */
  static of(
    services: readonly [WritingService, ...WritingService[]],
    options: Partial<JournalOptions> = {},
  ): DynamicModule {
    return {
      module: IntakeModule,
      imports: [CqrsModule.forRoot()],
      controllers: [eventsController(services), ...services.map((service) => PLAIN[service])],
      providers: [
        ...journalProviders(options),
        JournalLifetime,
        SubmitHandler,
        SubmitAtomicHandler,
        OpenLedgerHandler,
        KnownLedgers,
        SingleIntake,
        ItemIntake,
        BatchIntake,
        AtomicIntake,
        StreamIntake,
        PlainIntake,
      ],
      exports: [Journal],
    };
  }
}
