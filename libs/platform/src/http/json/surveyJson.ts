/// <reference lib="es2024.string" />
import { pointer } from '../jsonPointer.ts';
import type { FieldError } from '#contracts/problem';

/** No event of this ledger nests deeper than 6; more than this is not looked at. */
export const MAX_DEPTH = 32;

export interface Survey {
  readonly faults: FieldError[];
  /** How many values it holds, itself included: each takes two bytes at least, with what follows it. */
  readonly values: number;
}

/**
 * What a schema does not see in a JSON value: keys named `__proto__` (zod passes over them in silence), strings that are
 * no Unicode text (half a surrogate pair: RFC 8785 has no form for them), and nesting beyond `MAX_DEPTH`.
 */
export function surveyJson(value: unknown): Survey {
  const survey = { faults: [], values: 0 };
  walk(value, [], survey);
  return survey;
}

function walk(value: unknown, path: PropertyKey[], survey: { faults: FieldError[]; values: number }): void {
  const { faults } = survey;
  survey.values++;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) faults.push({ pointer: pointer(path), detail: HALF_A_PAIR });
    return;
  }
  if (value === null || typeof value !== 'object') return;
  if (path.length >= MAX_DEPTH) {
    faults.push({ pointer: pointer(path), detail: `nested more than ${MAX_DEPTH} deep` });
    return;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      walk(value[i], path, survey);
      path.pop();
    }
    return;
  }
  for (const key of Object.keys(value)) {
    path.push(key);
    if (key === '__proto__') faults.push({ pointer: pointer(path), detail: 'unknown field' });
    else if (!key.isWellFormed()) faults.push({ pointer: pointer(path.slice(0, -1)), detail: HALF_A_PAIR });
    else walk((value as Record<string, unknown>)[key], path, survey);
    path.pop();
  }
}

const HALF_A_PAIR = 'not Unicode text: half of a surrogate pair';
