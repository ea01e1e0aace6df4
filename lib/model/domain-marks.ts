import { DomainDefinition } from './domain-definition.js';
import { attribute, elements, escaped } from './xml-element.js';

/** Of the element in a domain's `<metadata>` that is vxmig's. libvirt keeps one for each namespace. */
export const MARK_NAMESPACE = 'https://vxmig.org/xmlns/domain/1';
/**
 * Of the element that a domain has on its way to another host, where it arrives paused: who finds it so knows that it
 * is to run.
 */
export const ARRIVING_NAMESPACE = 'https://vxmig.org/xmlns/arriving/1';

/** Of a domain that vxmig has made. */
export interface OwnerMark {
  readonly topology: string;
  readonly vm: string;
  /** Fingerprint of the definition; another one means that the file has changed. */
  readonly spec: string;
}

/** Of a domain that somebody else has made, and whose NICs vxmig has connected. */
export interface AdoptionMark {
  readonly topology: string;
  readonly vm: string;
  /** Its interfaces as they were before, by MAC: `<interface …>…</interface>`. */
  readonly originals: ReadonlyMap<string, string>;
}

export interface DomainMarks {
  readonly owner: OwnerMark | null;
  readonly adopted: AdoptionMark | null;
  readonly arriving: boolean;
}

const NO_MARKS: DomainMarks = { owner: null, adopted: null, arriving: false };

/** What a domain carries of vxmig's: of its stored definition whose it is, of the live one whether it is on its way. */
export function marksOf({ xml, live }: { readonly xml: string; readonly live: string | null }): DomainMarks {
  // Most domains of a host may be others', and to read a definition takes longer than to see that it has no mark.
  const stored = xml.includes(MARK_NAMESPACE) ? DomainDefinition.parse(xml) : null;
  const arriving = live?.includes(ARRIVING_NAMESPACE) === true ? DomainDefinition.parse(live) : null;
  return {
    ...(stored === null ? NO_MARKS : { owner: ownerMark(stored), adopted: adoptionMark(stored) }),
    arriving: arriving?.metadata(ARRIVING_NAMESPACE) !== undefined,
  };
}

/** null: it is not one that vxmig has made. */
export function ownerMark(definition: DomainDefinition): OwnerMark | null {
  const element = definition.metadata(MARK_NAMESPACE);
  if (element?.localName !== 'vm') return null;
  const said = (name: string) => attribute(element, name) ?? '';
  return { topology: said('topology'), vm: said('name'), spec: said('spec') };
}

/** null: vxmig has not connected it. */
function adoptionMark(definition: DomainDefinition): AdoptionMark | null {
  const element = definition.metadata(MARK_NAMESPACE);
  if (element?.localName !== 'adopted') return null;
  const originals = elements(element).flatMap((one) => {
    const mac = one.localName === 'interface' ? attribute(one, 'mac') : null;
    return mac === null ? [] : [[mac, one.textContent ?? ''] as const];
  });
  return {
    topology: attribute(element, 'topology') ?? '',
    vm: attribute(element, 'vm') ?? '',
    originals: new Map(originals),
  };
}

/** As `virsh metadata --set` takes it. The interfaces are text: libvirt would put elements into vxmig's namespace. */
export function adoptionElement({ topology, vm, originals }: AdoptionMark): string {
  const kept = [...originals].map(([mac, xml]) => `<interface mac='${escaped(mac)}'>${escaped(xml)}</interface>`);
  return `<adopted topology='${escaped(topology)}' vm='${escaped(vm)}'>${kept.join('')}</adopted>`;
}
