import { types } from 'node:util';

// Errors of Node's own modules belong to another realm than the code under Jest, so `instanceof Error` is false for them under
// Jest and true in production. This file makes it true in both; subclasses of Error are not affected.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: ErrorConstructor, error: unknown): boolean {
    const chain: unknown = Function.prototype[Symbol.hasInstance].call(this, error);
    return chain === true || (this === Error && types.isNativeError(error));
  },
});
