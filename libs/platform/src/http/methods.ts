import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from './problemError.ts';
import { MAX_URL, TOO_LONG } from './badHttp.ts';

interface Path {
  /** `:ledger` stands for any text but an empty one. */
  readonly parts: readonly string[];
  readonly methods: Set<string>;
}

/** The methods of each path, to answer a request that no route takes. */
export class Methods {
  readonly #paths = new Map<string, Path>();

  /** Remembers every route that is added from now on. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      const path = this.#paths.get(url) ?? { parts: url.split('/'), methods: new Set(['OPTIONS']) };
      for (const one of [method].flat()) path.methods.add(one);
      this.#paths.set(url, path);
    });
  }

  /** The methods that some route takes for this path, for `Allow`; undefined when there is no such path. `*` means the server. */
  #of(path: string): readonly string[] | undefined {
    const asked = path.split('/').map(decoded);
    const found = [...this.#paths.values()].filter(({ parts }) => path === '*' || matches(parts, asked));
    return found.length === 0 ? undefined : [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }

  /** Answers a request that no route takes. Nobody needs a key to be told that, and its body is not read. */
  answer({ raw }: FastifyRequest, reply: FastifyReply): ProblemError | 'answered' {
    const [path = ''] = (raw.url ?? '').split('?', 1);
    const allowed = raw.method === 'OPTIONS' ? this.#of(path) : undefined;
    if (allowed === undefined) return this.#whyNot(raw.method ?? '', path);
    void reply.code(204).header('allow', allowed.join(', ')).send();
    return 'answered';
  }

  /** Why no route takes this request: there is no such path (404), it does not take the method (405), or an id in it is too long (414). */
  #whyNot(method: string, path: string): ProblemError {
    const allowed = this.#of(path);
    if (allowed === undefined) {
      return new ProblemError(
        404,
        'not-found',
        'there is nothing at this path: /openapi.json has the paths that there are',
      );
    }
    if (allowed.includes(method)) return new ProblemError(414, 'too-large', TOO_LONG, { facts: { limit: MAX_URL } });
    const allow = allowed.join(', ');
    return new ProblemError(405, 'method-not-allowed', `this path does not take ${method}: it takes ${allow}`, {
      facts: { allowed },
      headers: { allow },
    });
  }
}

const matches = (parts: readonly string[], asked: readonly string[]): boolean =>
  parts.length === asked.length &&
  parts.every((part, i) => (part.startsWith(':') ? asked[i] !== '' : part === asked[i]));

/** What cannot be decoded stays as it is: a router has refused it before. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
