import { FlagRule } from '#contracts/flagRows';

/**
 * The id of a flag: its rule, and what it is about, with colons between them. The ids of other systems may have colons themselves, so
 * those are escaped: no two flags have one id, and nobody has to know which of the parts are such ids.
 */
export const flagId = (rule: FlagRule, ...about: readonly (string | number)[]): string =>
  [rule, ...about.map((part) => String(part).replaceAll('%', '%25').replaceAll(':', '%3A'))].join(':');

/** The same in SQL, of expressions: lists are ordered by it and go on from it. */
export const flagIdSql = (rule: string, ...about: readonly string[]): string =>
  `concat_ws(':', ${rule}, ${about.map((part) => `replace(replace(${part}::text, '%', '%25'), ':', '%3A')`).join(', ')}) COLLATE "C"`;

/** The rule that a flag's id begins with. */
export function ruleOfFlag(id: string): FlagRule | undefined {
  const [rule] = id.split(':', 1);
  return FlagRule.safeParse(rule).data;
}

/** What a flag's id says after its rule. */
export const aboutOfFlag = (id: string): string[] =>
  id
    .split(':')
    .slice(1)
    .map((part) => part.replaceAll('%3A', ':').replaceAll('%25', '%'));

/** What the id of a flag that an event raised says: the event's sequence, and its number among the flags of both, from 1. */
export function parseFlagId(id: string): { rule: FlagRule; sequence: number; n: number } | undefined {
  const [, sequence, n] = /^[^:]+:([1-9]\d{0,14}):([1-9]\d{0,8})$/.exec(id) ?? [];
  const rule = ruleOfFlag(id);
  return rule === undefined || n === undefined ? undefined : { rule, sequence: Number(sequence), n: Number(n) };
}
