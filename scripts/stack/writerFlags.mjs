/**
 * Node's flags for the services that take events in. A request's objects die young, and with Node's own 16 MB they are copied
 * to the old generation before they do: docs/decisions/006 has the numbers. It costs up to 150 MB a process.
 */
export const writerFlags = ['--max-semi-space-size=64'];

/** A process that would grow beyond this ends instead, before the container of docker/compose.yaml ends it without a word. */
const memoryFlags = ['--max-old-space-size=512'];

const WRITERS = ['query', 'shipments', 'reallocations', 'swaps'];

/** @param {string} app the folder under apps */
export const flagsOf = (app) => [...memoryFlags, ...(WRITERS.includes(app) ? writerFlags : [])];
