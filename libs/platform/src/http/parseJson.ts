import { type NotJson, readJson, readText } from './json/readJson.ts';
import { surveyJson } from './json/surveyJson.ts';
import { ProblemError } from './problemError.ts';

/**
 * Reads a body as JSON, as strictly as an event is read.
 * @throws ProblemError 400 `not-json` for what is no UTF-8 or no JSON; `malformed` for a name written twice in an object, a
 * `__proto__` key, half a surrogate pair and deep nesting
 */
export function parseJson(body: Buffer): unknown {
  const text = readText(body);
  if (!text.ok) throw refused(text);
  const json = readJson(text.value);
  if (!json.ok) throw refused(json);
  const { faults } = surveyJson(json.value);
  if (faults.length > 0) {
    throw new ProblemError(400, 'malformed', 'the body holds what no event may hold', { errors: faults });
  }
  return json.value;
}

const refused = ({ code, detail, errors }: NotJson) => new ProblemError(400, code, detail, { errors });
