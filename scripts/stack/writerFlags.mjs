/**
 * Node's flags for the services that take events in. A request's objects die young, and with Node's own 16 MB they are copied
 * to the old generation before they do: docs/decisions/006 has the numbers. It costs up to 150 MB a process.
 */
export const writerFlags = ['--max-semi-space-size=64'];

const WRITERS = ['query', 'shipments', 'reallocations', 'swaps'];

/** @param {string} app the folder under apps */
export const flagsOf = (app) => (WRITERS.includes(app) ? writerFlags : []);
