import { type DynamicModule, Module } from '@nestjs/common';
import { ProjectorModule } from '#apps/projector/src/projector.module';
import { QueryModule } from '#apps/query/src/query.module';
import { RelayModule } from '#apps/relay/src/relay.module';
import { IntakeModule } from '#intake/intake.module';

/** Every service in one process, on one port. The projector reads the journal; the relay publishes if Kafka is configured. */
@Module({})
export class AllInOneModule {
  static with({ kafkaBrokers }: { kafkaBrokers: readonly string[] }): DynamicModule {
    return {
      module: AllInOneModule,
      imports: [
        IntakeModule.of(['shipments', 'reallocations', 'swaps']),
        ProjectorModule.readingJournal(),
        QueryModule,
        ...(kafkaBrokers.length > 0 ? [RelayModule] : []),
      ],
    };
  }
}
