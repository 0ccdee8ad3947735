import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { catalog, type EventType, eventTypes } from '#contracts/catalog';
import { entitlements } from '#contracts/define';
import { examples } from '#contracts/examples';
import { eventSchema, type JsonSchema } from '#contracts/jsonSchema';
import { reasonCodes } from '#contracts/reasonCodes';
import { rejectionCodes } from '#contracts/rejections';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');

/** `// lading.x.y.v1 + adds`, and the JSON below it. */
const shown = [...page.matchAll(/^```jsonc\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block
    .split(/^\/\/ /m)
    .slice(1)
    .map((part) => {
      const [, type = '', adds = ''] = /^(\S+)(?: \+ (.+))?$/m.exec(part) ?? [];
      return { type, adds, json: part.slice(part.indexOf('\n')) };
    }),
);

const propertiesOf = (schema: JsonSchema): Record<string, JsonSchema> => {
  const alternatives = (schema.anyOf ?? schema.oneOf ?? [schema]) as { properties?: Record<string, JsonSchema> }[];
  return Object.assign({}, ...alternatives.map(({ properties }) => properties)) as Record<string, JsonSchema>;
};

/** What the ledger adds to the data of a type, said as the page says it. */
function addsOf(type: EventType): string {
  const { submitted, completed } = eventSchema(type).$defs as Record<'submitted' | 'completed', JsonSchema>;
  const [before, after] = [propertiesOf(submitted), propertiesOf(completed)];
  const added = (a: object, b: object) => Object.keys(b).filter((key) => !Object.hasOwn(a, key) && key !== 'moves');
  const inParts = (['line', 'leg'] as const).flatMap((part) => {
    const [was, is] = [before[`${part}s`]?.items, after[`${part}s`]?.items];
    if (was === undefined || is === undefined) return [];
    const names = added(propertiesOf(was as JsonSchema), propertiesOf(is as JsonSchema));
    return names.length > 0 ? [`in each ${part}: ${names.join(', ')}`] : [];
  });
  const top = added(before, after);
  return [...(top.length > 0 ? [top.join(', ')] : []), ...inParts].join('; ');
}

describe('docs/events.md', () => {
  it('shows every type once', () => {
    expect(shown.map(({ type }) => type).toSorted()).toEqual(eventTypes.toSorted());
  });

  it.each(eventTypes)(
    '%s: the example is the one of the contract, and what the ledger adds is what it says',
    (type) => {
      const { adds, json } = shown.find((one) => one.type === type)!;
      expect(JSON.parse(json)).toEqual(examples[type]);
      expect(adds).toBe(addsOf(type));
    },
  );

  it('says of every type who may say it, and of everybody named there who that is, as the contract has it', () => {
    const rows = [...page.slice(page.indexOf('## Who may say it')).matchAll(/^[|] `([a-z_.0-9]+)` [|] (.+) [|]$/gm)];
    const told = rows.map(([, name = '', text = '']) => [name, text]);
    const who = (type: EventType) => catalog[type].entitled.map((name) => `\`${name}\``).join(', ');
    const nobody = (type: EventType) => told.find(([name]) => name === type)?.[1]?.startsWith('`') === false;
    expect(told.filter(([name = '']) => name.startsWith('lading.'))).toEqual(
      eventTypes.map((type) => [type, who(type) === '' && nobody(type) ? expect.any(String) : who(type)]),
    );
    expect(told.filter(([name = '']) => !name.startsWith('lading.'))).toEqual(Object.entries(entitlements));
  });

  it('lists every reason code with what it means', () => {
    const section = page.slice(page.indexOf('## Reason codes'), page.indexOf('## Who may say it'));
    const rows = [...section.matchAll(/^[|] `([a-z_]+)` [|] (.+) [|]$/gm)].map(([, code, text]) => [code, text]);
    expect(rows).toEqual(Object.entries(reasonCodes));
  });

  it('lists every code of a rejection', () => {
    const listed = [...page.slice(page.indexOf('Codes of rejections')).matchAll(/`([a-z-]+)`/g)].map(
      ([, code]) => code,
    );
    expect(listed).toEqual(rejectionCodes);
  });
});
