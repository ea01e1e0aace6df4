import { escaped } from '../model/xml-element.js';

/** An element of a domain's definition that is to be written. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly Tag[] | string;
}

type Value = string | number | boolean | null | undefined;

/** @param attributes those that are null or undefined are left out; true and false are `yes` and `no` */
export function tag(
  name: string,
  attributes: Readonly<Record<string, Value>> = {},
  content: readonly (Tag | null)[] | string = [],
): Tag {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[key, asText(value)] as const],
  );
  return {
    name,
    attributes: Object.fromEntries(given),
    content: typeof content === 'string' ? content : content.filter((one) => one !== null),
  };
}

function asText(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

/** As libvirt's own are written: two columns for each level, attributes in single quotes. */
export function tagText({ name, attributes, content }: Tag, indent = ''): string {
  const head = [name, ...Object.entries(attributes).map(([key, value]) => `${key}='${attributeText(value)}'`)].join(
    ' ',
  );
  if (content.length === 0) return `${indent}<${head}/>\n`;
  if (typeof content === 'string') return `${indent}<${head}>${escaped(content)}</${name}>\n`;
  return `${indent}<${head}>\n${content.map((one) => tagText(one, `${indent}  `)).join('')}${indent}</${name}>\n`;
}

/** Tabs and line ends in an attribute are read as blanks, unless they are written as references (XML 1.0 §3.3.3). */
function attributeText(value: string): string {
  return escaped(value).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
