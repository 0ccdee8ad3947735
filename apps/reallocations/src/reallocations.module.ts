import { Module } from '@nestjs/common';
import { IntakeModule } from '#intake/intake.module';

/** Takes in what the allocation desk decides: units reassigned, reconsigned, transferred, by whom, why, and on what evidence. */
@Module({ imports: [IntakeModule.of(['reallocations'])] })
export class ReallocationsModule {}
