import type { FastifyRequest } from 'fastify';
import { errorOf, ProblemError, type Refusal } from '#platform/http/problemError';
import { readJsonBytes } from '#platform/http/strictJson';
import { limits } from '../limits.ts';
import type { OneEventFormat } from './format.ts';
import { pointIntoData } from './plain.ts';

/**
 * One CloudEvent in binary mode: its attributes are the headers `ce-…`, its data is the body, in the JSON type that Content-Type
 * says (CloudEvents' HTTP binding, §3.1). It is the same event as in structured mode.
 */
export const binaryEvent = ({ raw: { rawHeaders } }: FastifyRequest): OneEventFormat<unknown> => ({
  mediaType: 'application/json',
  holds: 'one',
  bodyLimit: limits.body,
  parse(body) {
    const attributes = attributesIn(rawHeaders);
    if (body === undefined) return { value: attributes };
    if (!Buffer.isBuffer(body)) return { value: { ...attributes, data: body } };
    const json = readJsonBytes(body);
    if (!json.ok) throw errorOf(json);
    return { value: { ...attributes, data: json.value } };
  },
  inBody: (refusal) => pointIntoData(nameHeaders(refusal)),
});

const PREFIX = 'ce-';

/** @throws ProblemError 400 for a header that is there twice, or that is no text */
function attributesIn(rawHeaders: readonly string[]): Record<string, string> {
  const attributes = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]?.toLowerCase() ?? '';
    const name = header.slice(PREFIX.length);
    // The type of the data is what Content-Type says; a header that says it again is passed over.
    if (!header.startsWith(PREFIX) || name === 'datacontenttype') continue;
    if (name === 'data' || name === 'data_base64') throw malformed(`the data is the body, not the header ${header}`);
    if (attributes.has(name)) throw malformed(`the header ${header} is there twice: send it once`);
    attributes.set(name, valueOf(header, rawHeaders[at + 1] ?? ''));
  }
  return Object.fromEntries(attributes);
}

/** The text that a header stands for: quotes around it are taken off, and what is percent-encoded is decoded once. */
function valueOf(header: string, sent: string): string {
  const text = sent.trim();
  if (!/^[\x20-\x7e]*$/.test(text))
    throw malformed(`the header ${header} is not ASCII: percent-encode what is not, as UTF-8`);
  const bare = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? unquoted(text) : text;
  return bare.replace(/(?:%[0-9A-Fa-f]{2})+/g, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      throw malformed(`the header ${header} has ${encoded.slice(0, 30)}, which is not percent-encoded UTF-8`);
    }
  });
}

const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, '$1');

const malformed = (detail: string): ProblemError =>
  new ProblemError(400, 'malformed', detail, { errors: [{ pointer: '', detail }] });

/** What is wrong with an attribute is wrong with its header: no pointer into the body leads there. */
function nameHeaders(refusal: Refusal): Refusal {
  const errors = refusal.errors?.map(({ pointer, detail }) => {
    const [, name = ''] = pointer.split('/');
    return name === '' || name === 'data'
      ? { pointer, detail }
      : { pointer: '', detail: `${PREFIX}${name}: ${detail}` };
  });
  const [only, another] = errors ?? [];
  const isOneHeader =
    only !== undefined && another === undefined && only.pointer === '' && refusal.code === 'malformed';
  const [first] = refusal.errors ?? [];
  const detail =
    only?.pointer === '' && first !== undefined && !isOneHeader
      ? refusal.detail.replace(`${first.pointer}: ${first.detail}`, only.detail)
      : refusal.detail;
  return { ...refusal, detail: isOneHeader ? only.detail : detail, errors };
}
