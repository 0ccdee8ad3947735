import { Module } from '@nestjs/common';
import { IntakeModule } from '#intake/intake.module';
import { QueryModule } from './query.module.ts';

/**
 * The whole interface on one port: asking, and submitting every type of event. The three writing services have the same modules, for
 * whoever deploys, scales and secures them apart.
 */
@Module({ imports: [IntakeModule.of(['shipments', 'reallocations', 'swaps']), QueryModule] })
export class FrontDoorModule {}
