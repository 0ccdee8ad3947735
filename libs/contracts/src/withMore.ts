/**
 * A copy of an object with more fields, those that it has not behind its own: `{ ...object, ...more }`. Node 20 takes microseconds for a field that
 * such an expression adds, makes an object that is slow to read and to write, and leaves garbage that only a full collection takes away (063). Here
 * it takes a tenth of that: so this is used where every event comes by. Node 24 needs it no more.
 */
export const withMore = <T extends object, M extends object>(object: T, more: M): T & M =>
  Object.assign({}, object, more);
