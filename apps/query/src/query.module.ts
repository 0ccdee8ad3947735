import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { Ledgers } from './asking/ledgers.ts';
import { Moments } from './asking/moments.ts';
import { Past } from './asking/past.ts';
import { Signals } from './asking/signals.ts';
import { Readiness } from './asking/readiness.ts';
import { Visibility } from './asking/visibility.ts';
import { SignIn } from './dashboard/signIn.ts';
import { EventsController } from './events/events.controller.ts';
import { FindEventHandler, FindEventsHandler } from './events/findEvents.handler.ts';
import { EventPages } from './events/eventPages.ts';
import { FlagWatches } from './events/flagWatches.ts';
import { OpenStreams } from './events/openStreams.ts';
import { StreamController } from './events/stream.controller.ts';
import { AskHandler } from './questions/ask.handler.ts';
import { CheckpointsController } from './proofs/checkpoints.controller.ts';
import { ProofsController } from './proofs/proofs.controller.ts';
import { TilesController } from './proofs/tiles.controller.ts';
import { Trees } from './proofs/trees.ts';
import { EvidenceController } from './proofs/evidence.controller.ts';
import { questionControllers } from './questions/questions.controller.ts';
import { FlagCounts } from './status/flagCounts.ts';
import { StatusController } from './status/status.controller.ts';
import { FindLedgersHandler, FindStatusHandler } from './status/status.handler.ts';

/** The asking half of the HTTP contract. It needs PlatformModule, the journal's tables, and the read models of a projector. */
@Module({
  imports: [CqrsModule.forRoot()],
  controllers: [
    StatusController,
    ...questionControllers,
    // Before the route of one event, which would take `stream` for a sequence.
    StreamController,
    EventsController,
    CheckpointsController,
    TilesController,
    ProofsController,
    EvidenceController,
  ],
  providers: [
    AskHandler,
    FindEventsHandler,
    FindEventHandler,
    FindStatusHandler,
    FindLedgersHandler,
    Ledgers,
    Moments,
    Past,
    Visibility,
    Trees,
    Signals,
    EventPages,
    OpenStreams,
    FlagWatches,
    Readiness,
    FlagCounts,
    SignIn,
  ],
  exports: [SignIn],
})
export class QueryModule {}
