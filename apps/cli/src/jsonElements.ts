/**
 * The texts of the elements of a JSON array, each exactly as it is written: a number keeps its digits, a text its escapes.
 * @param text valid JSON, or at least valid from the array on to its end
 * @param start where the array's `[` stands
 */
export function elementsOf(text: string, start: number): string[] {
  const elements: string[] = [];
  let depth = 0;
  let begin = start + 1;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth === 0 || (depth === 1 && character === ',')) {
      const element = text.slice(begin, at).trim();
      if (element !== '') elements.push(element);
      if (depth === 0) break;
      begin = at + 1;
    }
  }
  return elements;
}

/** Where the closing quote of a JSON string stands. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
