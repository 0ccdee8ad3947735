import { SetMetadata } from '@nestjs/common';
import { RouteSettings } from '../http/routeSettings.ts';
import type { Role } from './actor.ts';

export const ACCESS = 'lading:access';
export type Access = 'public' | readonly [Role, ...Role[]];

/** Opens a route to everybody, without a key. Only for routes without a body: a body is read only when its sender is known. */
export const Public = () => access('public');

/**
 * Opens a route to keys that have any of these roles. Nobody may use a route that has neither decorator. The decorator of a method
 * wins over the one of its class.
 */
export const Requires = (...roles: [Role, ...Role[]]) => access(roles);

/** Says it to Nest's guard, and to Fastify, which asks before the body of a request is read. */
const access =
  (opened: Access): MethodDecorator & ClassDecorator =>
  (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (name !== undefined && descriptor !== undefined) {
      SetMetadata(ACCESS, opened)(target, name, descriptor);
      RouteSettings({ [ACCESS]: opened })(target, name, descriptor);
      return;
    }
    const ofClass = target as new () => object;
    SetMetadata(ACCESS, opened)(ofClass);
    // Decorators of methods ran before those of their class.
    for (const [method, own] of Object.entries(Object.getOwnPropertyDescriptors(ofClass.prototype))) {
      const { value } = own as { value?: unknown };
      if (method === 'constructor' || typeof value !== 'function' || Reflect.hasMetadata(ACCESS, value)) continue;
      RouteSettings({ [ACCESS]: opened })(ofClass.prototype as object, method, own);
    }
  };
