import { surveyJson } from '#contracts/surveyJson';
import { ProblemError } from './problemError.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a body as JSON.
 * @throws ProblemError 400 `not-json` for what is no UTF-8 or no JSON, `malformed` for `__proto__` keys and deep nesting
 */
export function parseJson(body: Buffer): unknown {
  const value = read(body);
  const { faults } = surveyJson(value);
  if (faults.length > 0)
    throw new ProblemError(400, 'malformed', 'the body holds what no event may hold', { errors: faults });
  return value;
}

function read(body: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new ProblemError(400, 'not-json', 'the body is not UTF-8');
  }
  if (text.trim() === '') throw new ProblemError(400, 'not-json', 'the body is empty');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(400, 'not-json', `the body is not JSON: ${(error as Error).message}`);
  }
}
