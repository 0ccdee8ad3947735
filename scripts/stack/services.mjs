/**
 * @typedef {object} Service a process of the full topology
 * @property {string} name of the folder under apps
 * @property {number} offset of its port from the first one, which LADING_PORT gives (7400)
 * @property {string} does for the table
 */

/** In the order in which they stop: first those that accept events. @type {readonly Service[]} */
export const services = [
  { name: 'query', offset: 0, does: 'the front door: the whole interface; its page is /docs' },
  { name: 'shipments', offset: 1, does: 'takes in what suppliers and sites report; opens ledgers' },
  { name: 'reallocations', offset: 2, does: 'takes in what the allocation desk decides' },
  { name: 'swaps', offset: 3, does: 'takes in what parties of a swap agree' },
  { name: 'relay', offset: 4, does: 'publishes the journal to Kafka' },
  { name: 'projector', offset: 5, does: 'builds the read models from Kafka' },
  { name: 'signer', offset: 6, does: 'signs checkpoints of every ledger' },
];

export const FIRST_PORT = 7400;
