import { Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { problem } from '#contracts/problem';
import { type Item, itemOf, itemOfProblem } from '../answers/item.ts';
import { problemOfFailure } from '../answers/problemOfFailure.ts';
import { Submit } from '../commands/submit.ts';
import { admit } from './admit.ts';
import type { Asked } from './asked.ts';

/** Takes in one event of many, and answers for it alone, whatever happens. */
@Injectable()
export class ItemIntake {
  private readonly logger = new Logger(ItemIntake.name);

  constructor(private readonly commands: CommandBus) {}

  /** What is refused before the ledger is asked is answered at once. Never rejects, never throws. */
  take(value: unknown, { ledger, actor, served }: Asked): Promise<Item> | Item {
    const admitted = admit(value, actor, served);
    if (!admitted.ok) return itemOfProblem(admitted.problem);
    return this.commands.execute(new Submit(ledger, admitted.submission)).then(itemOf, (error: unknown) => {
      const known = problemOfFailure(error);
      if (known === undefined) this.logger.error(error);
      return itemOfProblem(
        known ?? problem(500, 'internal', { detail: 'this went wrong here, not with you; it is logged' }),
      );
    });
  }
}
