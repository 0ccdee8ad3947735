import type { z } from 'zod';
import type { PlaceInStream, Service } from './define.ts';
import { ledgerEvents } from './ledgerEvents.ts';
import { masterDataEvents } from './masterDataEvents.ts';
import { orderEvents } from './orderEvents.ts';
import { reallocationEvents } from './reallocationEvents.ts';
import { shipmentEvents } from './shipmentEvents.ts';
import { supplyEvents } from './supplyEvents.ts';
import { swapEvents } from './swapEvents.ts';
import { unitEvents } from './unitEvents.ts';

/** Every event type ever published, by name. A new version of a type is a new entry; none is ever taken out. */
export const catalog = {
  ...ledgerEvents,
  ...masterDataEvents,
  ...orderEvents,
  ...supplyEvents,
  ...shipmentEvents,
  ...unitEvents,
  ...reallocationEvents,
  ...swapEvents,
};

type Catalog = typeof catalog;
export type EventType = keyof Catalog;

/** What a submitter sends as `data` of this type. */
export type Submitted<T extends EventType = EventType> = { [K in T]: z.output<Catalog[K]['submitted']> }[T];

/** What the ledger keeps as `data` of this type. */
export type Completed<T extends EventType = EventType> = { [K in T]: z.output<Catalog[K]['completed']> }[T];

export const eventTypes = Object.keys(catalog) as EventType[];

export const isEventType = (type: string): type is EventType => Object.hasOwn(catalog, type);

/** The types that a writing service takes; none of them are the ledger's own. */
export const typesOf = (service: Service): EventType[] =>
  eventTypes.filter((type) => catalog[type].service === service);

/** The service that takes a type. */
export const serviceOf = (type: EventType): Service => catalog[type].service;

/** What an event is about, from its data: `shipment/S-1`. */
export const subjectOf = <T extends EventType>(type: T, data: Submitted<T>): string =>
  (catalog[type].subject as (data: Submitted<T>) => string)(data);

/** What an event of this type is to the stream of its subject. A type that a later version adds books its moves alone. */
export const streamOf = (type: EventType): PlaceInStream => (isEventType(type) ? catalog[type].stream : 'none');
