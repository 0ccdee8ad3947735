import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Item } from '../answers/item.ts';
import { refuseIfMatch } from '../http/ifMatch.ts';
import { sendJson } from '../http/sendJson.ts';
import { limits } from '../limits.ts';
import type { Asked } from './asked.ts';
import { ItemIntake } from './itemIntake.ts';
import { parseBatch, STRETCH } from './parseBatch.ts';
import { Window } from './window.ts';

/**
 * Takes in a batch of independent events, in their order: `application/cloudevents-batch+json`. Each has its own answer; one
 * that is refused does not spoil the others.
 */
@Injectable()
export class BatchIntake {
  constructor(private readonly items: ItemIntake) {}

  async take(asked: Asked): Promise<void> {
    refuseIfMatch(asked.request.headers['if-match']);
    const values = await parseBatch(asked.request.body as Buffer, limits.batchEvents);
    const window = new Window(limits.inFlight);
    const results: Promise<Item>[] = [];
    for (const [index, value] of values.entries()) {
      if (index % STRETCH === STRETCH - 1) await breathe(); // what is refused at once would never let anybody else in
      results.push((await window.start(() => this.items.take(value, asked))).result);
    }
    const items = await Promise.all(results);
    sendJson(asked.reply, 200, JSON.stringify({ results: items }));
  }
}
