import { SetMetadata } from '@nestjs/common';
import type { Role } from './actor.ts';

export const ACCESS = 'lading:access';
export type Access = 'public' | readonly [Role, ...Role[]];

/** Opens a route to everybody, without a key. Only for routes without a body: a body is read only when its sender is known. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/**
 * Opens a route to keys that have any of these roles. Nobody may use a route that has neither decorator. The decorator of a method
 * wins over the one of its class.
 */
export const Requires = (...roles: [Role, ...Role[]]) => SetMetadata(ACCESS, roles satisfies Access);
