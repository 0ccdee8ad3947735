import { type DynamicModule, Module } from '@nestjs/common';
import { ProjectorModule } from '#apps/projector/src/projector.module';
import { FrontDoorModule } from '#apps/query/src/frontDoor.module';
import { RelayModule } from '#apps/relay/src/relay.module';
import { SignerModule } from '#apps/signer/src/signer.module';

/** Every service in one process, on one port. The projector reads the journal; the relay publishes if Kafka is configured. */
@Module({})
export class AllInOneModule {
  static with({ kafkaBrokers }: { kafkaBrokers: readonly string[] }): DynamicModule {
    return {
      module: AllInOneModule,
      imports: [
        FrontDoorModule,
        ProjectorModule.readingJournal(),
        SignerModule,
        ...(kafkaBrokers.length > 0 ? [RelayModule] : []),
      ],
    };
  }
}
