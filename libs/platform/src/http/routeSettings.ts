import { RouteConfig } from '@nestjs/platform-fastify';

const KEY = RouteConfig({}).KEY;

/** Adds to what Fastify is told about a route, beside what other decorators add: `RouteConfig` by itself replaces all of it. */
export const RouteSettings =
  (settings: Readonly<Record<string, unknown>>): MethodDecorator =>
  (target, name, descriptor) => {
    const others = Reflect.getMetadata(KEY, descriptor.value as object) as object | undefined;
    RouteConfig({ ...others, ...settings })(target, name, descriptor);
  };
