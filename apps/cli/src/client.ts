import { exitCodes, UserError } from './exitCodes.ts';

/** The members of a problem document (RFC 9457) that the command line reads. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

interface HttpAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A client of a running Lading, over its public HTTP interface like any integration. */
export class Client {
  readonly url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  /** GET, answered with the parsed body; throws a UserError for anything but 2xx. */
  async get<T>(path: string): Promise<T> {
    const answer = await this.send<T>('GET', path);
    return answer.body;
  }

  /** GET, answered with the text of the body; throws a UserError for anything but 2xx. */
  async text(path: string, accept?: string): Promise<string> {
    const response = await this.request('GET', path, undefined, accept);
    const text = await response.text();
    if (!response.ok) throw asUserError(response.status, parseBody(text) as Problem, `GET ${this.url}${path}`);
    return text;
  }

  /** All rows of a list, page by page. */
  async list<T>(path: string): Promise<T[]> {
    return (await this.first(path, Infinity)).rows as T[];
  }

  /** The first rows of a list, and whether there are more. */
  async first(path: string, limit: number): Promise<{ rows: unknown[]; more: boolean }> {
    const rows: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: { data: unknown[]; next: string | null } = await this.get(pageOf(path, limit - rows.length, cursor));
      rows.push(...page.data);
      cursor = page.next;
    } while (cursor !== null && rows.length < limit);
    return { rows, more: cursor !== null };
  }

  /** The same as CSV: the pages are put together, with the header once. */
  async firstAsCsv(path: string, limit: number): Promise<{ text: string; more: boolean }> {
    let text = '';
    let next: string | undefined = pageOf(path, limit, null);
    for (let left = limit; next !== undefined && left > 0; ) {
      const response = await this.request('GET', next, undefined, 'text/csv');
      const page = await response.text();
      if (!response.ok) throw asUserError(response.status, parseBody(page) as Problem, `GET ${this.url}${next}`);
      text += text === '' ? page : page.slice(page.indexOf('\n') + 1);
      left -= rowsIn(page);
      const link: string | undefined = /<([^>]+)>; *rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
      next = link === undefined ? undefined : pageOf(link, left, null);
    }
    return { text, more: next !== undefined };
  }

  /** Any request; throws a UserError for 401, 403, 503 and other answers outside `expected` (2xx when left out). */
  async send<T>(
    method: string,
    path: string,
    content?: { type: string; body: string },
    expected?: readonly number[],
  ): Promise<HttpAnswer<T>> {
    const response = await this.request(method, path, content);
    const text = await response.text();
    // Every answer of Lading with a content is JSON, or JSON in lines.
    if (text !== '' && !(response.headers.get('content-type') ?? '').includes('json'))
      throw this.#isNotLading(response.status);
    const body = parseBody(text);
    if (expected?.includes(response.status) ?? response.ok)
      return { status: response.status, headers: response.headers, body: body as T };
    const error = asUserError(response.status, body as Problem, `${method} ${this.url}${path}`);
    if (response.status === 404 && (body as Problem).detail?.startsWith(NO_ROUTE) === true)
      error.message += this.#otherAddress();
    throw error;
  }

  #isNotLading(status: number): UserError {
    return new UserError(
      `What answers at ${this.url} (status ${status}) is not Lading: correct the address with --url or LADING_URL.`,
      exitCodes.unavailable,
    );
  }

  #otherAddress(): string {
    return `. Is ${this.url} a service that only takes events? "npm run stack" answers questions at its first port, 7400 unless LADING_PORT is set.`;
  }

  /** The bare response, for streams. */
  async request(
    method: string,
    path: string,
    content?: { type: string; body: string },
    accept?: string,
  ): Promise<Response> {
    try {
      return await fetch(this.url + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#key}`,
          ...(accept !== undefined && { accept }),
          ...(content ? { 'content-type': content.type } : {}),
        },
        ...(content ? { body: content.body } : {}),
      });
    } catch (error) {
      throw new UserError(
        `Nothing answers at ${this.url} (${reasonOf(error)}). Start it with "npm start", or name another with --url or LADING_URL.`,
        exitCodes.unavailable,
      );
    }
  }
}

/** The rows of a page, and of a request. */
const PAGE = 1000;

/** The address of a page with at most this many rows. */
/** A page may have fewer rows than it was asked for. In a cell between quotes there may be ends of lines, too. */
const rowsIn = (csv: string): number =>
  csv.split('"').reduce((rows, part, at) => (at % 2 === 0 ? rows + part.split('\r\n').length - 1 : rows), -1);

function pageOf(path: string, rows: number, cursor: string | null): string {
  const url = new URL(path, 'http://lading');
  url.searchParams.set('limit', String(Math.max(1, Math.min(PAGE, rows))));
  if (cursor !== null) url.searchParams.set('cursor', cursor);
  return `${url.pathname}${url.search}`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** How the problem of a path that a service does not have begins. */
const NO_ROUTE = 'there is nothing at this path';

function asUserError(status: number, problem: Problem, asked: string): UserError {
  const said = problem.detail ?? problem.title;
  // The detail says what is wrong with the first of them.
  const fields = (problem.errors ?? [])
    .filter(({ detail }) => !said.includes(detail))
    .map(({ pointer, detail }) => `\n  ${pointer || '(the whole body)'}: ${detail}`)
    .join('');
  const code =
    status === 401 || status === 403
      ? exitCodes.denied
      : problem.code === 'ledger-damaged'
        ? exitCodes.broken
        : status >= 500 || status === 429
          ? exitCodes.unavailable
          : exitCodes.usage;
  return new UserError(`${asked} answered ${status}: ${said}${fields}`, code);
}

/** The cause behind fetch's "fetch failed", such as ECONNREFUSED. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.message;
}
