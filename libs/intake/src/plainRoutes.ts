import { Injectable } from '@nestjs/common';
import { type EventType, serviceOf } from '#contracts/catalog';
import { heldKeyOf, ownSource } from '#platform/keys/actor';
import { PLAIN, plain, type PlainEvent } from './formats/plain.ts';
import { readContentType, readIdempotencyKey } from './http/requestHeaders.ts';
import { Intake, type IntakeRequest } from './intake.ts';

/** Takes in what a plain route says: the `Idempotency-Key` is the event's id, in the source of the API key that sends it. */
@Injectable()
export class PlainRoutes {
  constructor(private readonly intake: Intake) {}

  async take(
    sent: Omit<IntakeRequest, 'served' | 'key'>,
    type: EventType,
    { named = {}, defaults = {} }: Partial<Pick<PlainEvent, 'named' | 'defaults'>> = {},
  ): Promise<void> {
    const { headers } = sent.request;
    const key = heldKeyOf(sent.request);
    readContentType(sent.request, [PLAIN]);
    await this.intake.requireLedger(sent.ledger);
    const id = readIdempotencyKey(headers['idempotency-key']);
    const format = plain({ type, id, source: ownSource(key.actor), named, defaults });
    return this.intake.tried({ ...sent, key, served: [serviceOf(type)] }, (to) => this.intake.answerOne(to, format));
  }
}
