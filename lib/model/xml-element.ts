import { DOMParser, type Document, type Element, type Node, XMLSerializer } from '@xmldom/xmldom';

/** Node.ELEMENT_NODE and Node.TEXT_NODE (DOM, "Interface Node"). */
const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

/** @throws Error where the text is no XML */
export function parseXml(xml: string): Document {
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw new Error(message);
    },
  });
  return parser.parseFromString(xml, 'text/xml');
}

/** The elements of that name directly under another; not those deeper down, such as in a disk's `<backingStore>`. */
export function children(parent: Element, name: string): Element[] {
  return [...parent.childNodes].filter((node): node is Element => node.nodeName === name);
}

/** All elements directly under another. */
export function elements(parent: Element): Element[] {
  return [...parent.childNodes].filter((node): node is Element => node.nodeType === ELEMENT_NODE);
}

export function child(parent: Element, name: string): Element | undefined {
  return children(parent, name)[0];
}

/** null where there is no such element or attribute. */
export function attribute(element: Element | undefined, name: string): string | null {
  return element?.hasAttribute(name) === true ? element.getAttribute(name) : null;
}

/** For a text or an attribute's value in XML. */
export function escaped(text: string): string {
  const references: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    "'": '&apos;',
    '"': '&quot;',
  };
  return text.replace(/[&<>'"]/g, (character) => references[character] ?? character);
}

/** As text, by itself and in one line: of libvirt's elements none means anything by blanks between others. */
export function elementText(element: Element): string {
  const copy = element.cloneNode(true);
  withoutBlanks(copy);
  return new XMLSerializer().serializeToString(copy);
}

function withoutBlanks(node: Node): void {
  for (const one of [...node.childNodes]) {
    if (one.nodeType === TEXT_NODE && one.nodeValue?.trim() === '') node.removeChild(one);
    else withoutBlanks(one);
  }
}
