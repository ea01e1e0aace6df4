/** Text that is markup already; everything else is escaped when it goes in. */
export class Markup {
  constructor(readonly text: string) {}
}

type Content = Markup | string | number | null | readonly Content[];

/**
 * A template for HTML and SVG: strings and numbers that are put in are escaped, Markup is not, lists are joined, null
 * is nothing.
 */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const texts = contents.map(textOf);
  return new Markup(parts.map((part, index) => part + (texts[index] ?? '')).join(''));
}

function textOf(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return content.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
