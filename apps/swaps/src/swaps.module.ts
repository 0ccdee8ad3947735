import { Module } from '@nestjs/common';
import { IntakeModule } from '#intake/intake.module';

/** Takes in what the parties of swaps do: propose, accept, reject, withdraw, execute. */
@Module({ imports: [IntakeModule.of(['swaps'])] })
export class SwapsModule {}
