import { ProblemError } from './problemError.ts';

interface Range {
  readonly type: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly quality: number;
}

/**
 * The media type that a client prefers, by its `Accept` header (RFC 9110 §12.5.1).
 * @param available in the order in which they are preferred here, with their parameters: `text/csv; charset=utf-8`
 * @throws ProblemError 406 when the client takes none of them
 */
export function preferred(header: string, available: readonly string[]): string {
  const ranges = rangesOf(header);
  const [first = ''] = available;
  if (ranges.length === 0 && header.trim() === '') return first;
  let best: { readonly type: string; readonly quality: number; readonly place: number } | undefined;
  for (const type of available) {
    const { quality, place } = judge(rangesFor(ranges, type));
    const better = quality > (best?.quality ?? 0) || (quality === best?.quality && place < best.place);
    if (better) best = { type, quality, place };
  }
  if (best !== undefined) return best.type;
  const types = available.map((type) => bare(type));
  throw new ProblemError(
    406,
    'not-acceptable',
    `Accept leaves out all that can be had here: ask for ${types.join(' or ')}`,
    {
      facts: { available: types },
    },
  );
}

/** A range's rank for a type: the more it says, the more it counts. 0: it is not about this type. */
interface Ranked extends Range {
  readonly rank: number;
  readonly place: number;
}

const rangesFor = (ranges: readonly Range[], type: string): Ranked[] =>
  ranges.map((range, place) => ({ ...range, rank: rank(range, type), place })).filter((range) => range.rank > 0);

/** The narrowest range decides, whatever stands first: `text/*;q=0, text/csv` takes CSV. */
function judge(ranges: readonly Ranked[]): { quality: number; place: number } {
  const [narrowest] = ranges.toSorted((a, b) => b.rank - a.rank);
  return narrowest ?? { quality: 0, place: 0 };
}

function rank({ type, parameters }: Range, available: string): number {
  const own = bare(available);
  if (type === '*/*') return 1;
  if (type === `${own.split('/', 1)[0] ?? ''}/*`) return 2;
  if (type !== own) return 0;
  const said = parametersOf(available.split(';').slice(1));
  // A parameter that this type does not have says nothing about it; one that it has must be the same.
  const other = parameters.some(([name, value]) => said.some(([known, is]) => known === name && is !== value));
  return other ? 0 : 3 + parameters.length;
}

const bare = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase();

function rangesOf(header: string): Range[] {
  return split(header, ',').flatMap((text) => {
    const [name = '', ...rest] = split(text, ';');
    const type = name.trim().toLowerCase();
    if (!/^([\w!#$%&'*+.^`|~-]+)\/([\w!#$%&'*+.^`|~-]+)$/.test(type)) return [];
    const all = parametersOf(rest);
    const weight = all.find(([parameter]) => parameter === 'q')?.[1];
    const quality = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
    return [{ type, quality, parameters: all.filter(([parameter]) => parameter !== 'q') }];
  });
}

const parametersOf = (texts: readonly string[]) =>
  texts.map((text) => {
    const [name = '', ...value] = text.split('=');
    const is = value.join('=').trim().toLowerCase();
    return [name.trim().toLowerCase(), /^"(.*)"$/.exec(is)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? is] as const;
  });

/** Splits where `separator` stands outside of a quoted string. */
const split = (text: string, separator: ',' | ';'): string[] =>
  text.match(separator === ',' ? /(?:"(?:\\.|[^"\\])*"|[^,"]|")+/g : /(?:"(?:\\.|[^"\\])*"|[^;"]|")+/g) ?? [];
