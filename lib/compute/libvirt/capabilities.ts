import { DOMParser, type Element, XMLSerializer } from '@xmldom/xmldom';
import { attribute, child, children } from '../../model/xml-element.js';
import type { CpuModel, VirtualCpu } from '../../negotiate/offer.js';

/** Of `virsh capabilities` (libvirt.org/formatcaps): an architecture's machine types, and whether KVM runs there. */
export function machinesIn(xml: string, arch: string): { readonly machines: string[]; readonly kvm: boolean } {
  const root = partOf(xml, `<arch name='${arch}'`, '</arch>');
  if (root === null) return { machines: [], kvm: false };
  const kvm = children(root, 'domain').some((one) => attribute(one, 'type') === 'kvm');
  return { machines: [...new Set(children(root, 'machine').map(textOf))], kvm };
}

/**
 * Of `virsh domcapabilities` (libvirt.org/formatdomaincaps, "CPU configuration"), with what keeps the host from giving
 * that model; null: it is none.
 */
export function virtualCpuIn(xml: string, model: string): VirtualCpu | null {
  if (!xml.includes('</domainCapabilities>')) return null;
  const mode = partOf(xml, "<mode name='host-model' supported='yes'", '</mode>');
  const blockers = partOf(xml, `<blockers model='${model}'`, '</blockers>');
  return {
    hostModel: mode === null ? null : cpuModelOf(mode),
    blockers: blockers === null ? [] : children(blockers, 'feature').flatMap((one) => attribute(one, 'name') ?? []),
  };
}

/** A `<cpu>` that libvirt has found for several hosts; null: it is none. */
export function cpuModelIn(xml: string): CpuModel | null {
  const root = partOf(xml, '<cpu ', '</cpu>');
  return root === null ? null : cpuModelOf(root);
}

function cpuModelOf(element: Element): CpuModel {
  const model = child(element, 'model');
  const vendor = child(element, 'vendor');
  const features = children(element, 'feature');
  const withPolicy = (policy: string) =>
    features.flatMap((one) => (attribute(one, 'policy') === policy ? (attribute(one, 'name') ?? []) : []));
  const inner = [...element.childNodes].map((node) => new XMLSerializer().serializeToString(node)).join('');
  return {
    name: model === undefined ? '' : textOf(model),
    vendor: vendor === undefined ? '' : textOf(vendor),
    required: withPolicy('require'),
    disabled: withPolicy('disable'),
    xml: `<cpu mode='custom' match='exact'>${inner}</cpu>`,
  };
}

/** The first element that begins so. The whole takes a parser a tenth of a second. null: there is none, or no XML. */
function partOf(text: string, begin: string, end: string): Element | null {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) return null;
  const xml = text.slice(from, to + end.length);
  try {
    return new DOMParser({ onError: () => undefined }).parseFromString(xml, 'text/xml').documentElement;
  } catch {
    return null;
  }
}

function textOf(element: Element): string {
  return element.textContent?.trim() ?? '';
}
