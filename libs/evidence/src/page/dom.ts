// As much of a browser's document as the page needs: the project is typed for Node, which has none.

export interface Element {
  textContent: string | null;
  className: string;
  value: string;
  append(...parts: (Element | string)[]): void;
  replaceChildren(...parts: (Element | string)[]): void;
  setAttribute(name: string, value: string): void;
  addEventListener(type: 'input', listener: () => void): void;
}

interface Document {
  title: string;
  getElementById(id: string): Element;
  createElement(tag: string): Element;
}

export const page = (globalThis as unknown as { document: Document }).document;

/** Texts that others wrote are only ever put in as text, never as HTML. */
export function element(tag: string, attributes: Readonly<Record<string, string>>, ...parts: (Element | string)[]) {
  const made = page.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...parts);
  return made;
}

/** Characters that hide or reorder what a text says are shown by their number. */
export const clean = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (character) =>
    character === '\n'
      ? character
      : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );

/** What somebody wrote, kept apart from the direction of what stands around it. */
export const written = (text: string): Element => element('bdi', {}, clean(text));
