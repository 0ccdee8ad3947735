import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { answerOutcome } from '../answers/answerOutcome.ts';
import { errorOf, errorOfFailure } from '../answers/errorOf.ts';
import { Submit } from '../commands/submit.ts';
import { readIfMatch } from '../http/ifMatch.ts';
import { jsonIn } from '../http/jsonIn.ts';
import { admit } from './admit.ts';
import type { Asked } from './asked.ts';

/** Takes in one event: `application/cloudevents+json`. */
@Injectable()
export class SingleIntake {
  constructor(private readonly commands: CommandBus) {}

  async take({ request, reply, ledger, actor, served }: Asked): Promise<void> {
    const ifMatch = readIfMatch(request.headers['if-match']);
    const admitted = admit(jsonIn(request.body as Buffer), actor, served);
    if (!admitted.ok) throw errorOf(admitted.problem);
    const { submission } = admitted;
    const command = new Submit(ledger, ifMatch === undefined ? submission : { ...submission, ifMatch });
    const outcome = await this.commands.execute(command).catch((error: unknown) => {
      throw errorOfFailure(error);
    });
    answerOutcome(reply, outcome);
  }
}
