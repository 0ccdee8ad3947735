import { Module } from '@nestjs/common';
import { IntakeModule } from '#intake/intake.module';

/** Takes in parties, items, orders, dispatch, receipt, return, loss and count, as suppliers and sites report them; and the opening of ledgers. */
@Module({ imports: [IntakeModule.of(['shipments'])] })
export class ShipmentsModule {}
