import { SetMetadata } from '@nestjs/common';
import type { Role } from './actor.ts';

export const ACCESS = 'lading:access';
export type Access = 'public' | readonly [Role, ...Role[]];

/** Anybody may, without a key. For routes without a body: a body is read only after its sender is known. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/** Keys with any of these roles may; a route with neither decorator nobody may. The method's decorator wins over its class's. */
export const Requires = (...roles: [Role, ...Role[]]) => SetMetadata(ACCESS, roles satisfies Access);
