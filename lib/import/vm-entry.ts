import { Document } from 'yaml';

/** What a topology says of the VM. */
export interface VmEntry {
  readonly name: string;
  readonly host: string;
  readonly domain: string;
  /** As the file writes it: `2GiB`. */
  readonly memory: string;
  /** null: more than a topology can say; the domain's own count holds. */
  readonly vcpus: number | null;
  readonly nics: readonly { readonly network: string; readonly mac: string }[];
}

/** To be put under `vms:`; the levels above it are two columns each. */
export function vmText({ name, host, domain, memory, vcpus, nics }: VmEntry): string {
  const document = new Document({
    [name]: { host, domain, memory, ...(vcpus === null ? {} : { vcpus }), nics },
  });
  for (const nic of nics.keys()) flow(document, [name, 'nics', nic]);
  quote(document, name, nics.length);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(/^(?=.)/gm, '  ');
}

function flow(document: Document, path: readonly (string | number)[]): void {
  (document.getIn(path) as { flow?: boolean }).flow = true;
}

/** A MAC of digits alone is a number to some readers of YAML. */
function quote(document: Document, name: string, count: number): void {
  for (let index = 0; index < count; index += 1)
    (document.getIn([name, 'nics', index, 'mac'], true) as { type?: string }).type = 'QUOTE_DOUBLE';
}

const MOST = 30;

/** A name as topologies have them (`[a-z][a-z0-9-]{0,30}`), as like `text` as can be. */
export function asName(text: string, fallback: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, MOST)
    .replace(/-+$/, '');
  return name === '' ? fallback : name;
}
