import { type Markup, markup } from './markup.js';

export interface Heading {
  readonly title: string;
  readonly number?: boolean;
}

/** A table that scrolls by itself where it is wider than the page. */
export function tableOf(headings: readonly Heading[], rows: readonly (readonly (string | number)[])[]): Markup {
  const side = (column: number) => (headings[column]?.number ? markup` class="number"` : null);
  return markup`<div class="wide" tabindex="0"><table>
<thead><tr>${headings.map(({ title }, column) => markup`<th scope="col"${side(column)}>${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => markup`<tr>${row.map((cell, column) => markup`<td${side(column)}>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

export const words = (...titles: string[]): Heading[] => titles.map((title) => ({ title }));
export const numbers = (...titles: string[]): Heading[] => titles.map((title) => ({ title, number: true }));
