import { types } from 'node:util';

// Errors made by Node's own modules belong to another realm than the code under Jest, so `instanceof Error` is false for
// them there and true in production. This makes it true in both; a subclass still answers for itself.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: ErrorConstructor, error: unknown): boolean {
    const chain: unknown = Function.prototype[Symbol.hasInstance].call(this, error);
    return chain === true || (this === Error && types.isNativeError(error));
  },
});
