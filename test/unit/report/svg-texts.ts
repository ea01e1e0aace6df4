/** About the widest that sans-serif digits and letters come on average, in parts of the font's size. */
const CHARACTER = 0.6;
const FONT_PX = 12;

/** The texts of an SVG that reach beyond its left or right edge, of all pictures in `page`. */
export function cutTexts(page: string): string[] {
  return [...page.matchAll(/<svg\b[^>]*viewBox="0 0 ([\d.]+) [\d.]+"[^>]*>(.*?)<\/svg>/gs)].flatMap(
    ([, width = '', picture = '']) =>
      [...picture.matchAll(/<text\b([^>]*)>([^<]*)<\/text>/g)].flatMap(([, attributes = '', text = '']) => {
        const x = Number(/\bx="(-?[\d.]+)"/.exec(attributes)?.[1]);
        const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start';
        const wide = text.replaceAll(/&\w+;/g, '.').length * CHARACTER * FONT_PX;
        const left = x - (anchor === 'middle' ? wide / 2 : anchor === 'end' ? wide : 0);
        return left >= 0 && left + wide <= Number(width) ? [] : [`${text} at ${x} (${anchor})`];
      }),
  );
}
