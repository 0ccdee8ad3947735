import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { JournalOptions } from '#journal/journalOptions';
import { Drain } from '#platform/http/drain';
import { eventsController, passFormatsThrough, type WritingService } from './events.controller.ts';
import { refuseWhatIsNotTaken } from './http/requestHeaders.ts';
import { Intake } from './intake.ts';
import { JournalLifetime, journalProviders } from './journalConnections.ts';
import { limits } from './limits.ts';
import { LedgersController } from './ledgers.controller.ts';
import { OpenLedgerHandler } from './openLedger.handler.ts';
import { PlainRoutes } from './plainRoutes.ts';
import { ReallocationsController } from './reallocations.controller.ts';
import { StreamIntake, type StreamLimits } from './streaming/streamIntake.ts';
import { SubmitAtomicHandler, SubmitHandler } from './submit.handler.ts';
import { SwapsController } from './swaps.controller.ts';
import { VoidsController } from './voids.controller.ts';

/** The controller of each service beside the one for events. */
const CONTROLLERS: Readonly<Record<WritingService, Type>> = {
  shipments: LedgersController,
  reallocations: ReallocationsController,
  swaps: SwapsController,
};

/** Takes events in over HTTP: the routes that write, for the event types of some services. */
@Module({})
export class IntakeModule {
  constructor(host: HttpAdapterHost<FastifyAdapter>) {
    const fastify = host.httpAdapter.getInstance();
    refuseWhatIsNotTaken(fastify);
    passFormatsThrough(fastify);
  }

  /**
   * One route for the events of all these services, and the plain routes of each. A process has one of these modules and one
   * journal, which gathers the commands of all routes into batches.
   */
  static of(
    services: readonly [WritingService, ...WritingService[]],
    options: Partial<JournalOptions> = {},
    streams: StreamLimits = limits,
  ): DynamicModule {
    return {
      module: IntakeModule,
      imports: [CqrsModule.forRoot()],
      controllers: [eventsController(services), VoidsController, ...services.map((service) => CONTROLLERS[service])],
      providers: [
        ...journalProviders(options),
        JournalLifetime,
        SubmitHandler,
        SubmitAtomicHandler,
        OpenLedgerHandler,
        Intake,
        {
          provide: StreamIntake,
          useFactory: (intake: Intake, drain: Drain) => new StreamIntake(intake, drain, streams),
          inject: [Intake, Drain],
        },
        PlainRoutes,
      ],
    };
  }
}
