/** One message of a stream of server-sent events. */
export interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events from text as it comes. (EventSource of browsers can send no key.) A message may come in many pieces, and
 * many in one.
 */
export class MessageReader {
  #rest = '';

  read(text: string): Message[] {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    return parts.flatMap((part) => messageOf(part) ?? []);
  }
}

/** @returns undefined for comments, and for what only says how long to wait */
function messageOf(part: string): Message | undefined {
  const fields = new Map<string, string>();
  for (const line of part.split('\n')) {
    const [, name, value = ''] = /^([a-z]+): ?(.*)$/s.exec(line) ?? [];
    if (name !== undefined) fields.set(name, fields.has(name) ? `${fields.get(name) ?? ''}\n${value}` : value);
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data };
}
