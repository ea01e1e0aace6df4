import { asHostPrefix, formatPrefix, networkOf, parseIp, parsePrefix } from '../model/address.js';
import type { AccessEnd, AccessRule, Allowance } from '../model/topology.js';
import type * as Written from './file.js';

/** What an item of `allow` is. */
export function allowItem(text: string): Partial<Allowance> | null {
  switch (text) {
    case 'any':
      return { any: true };
    case 'dhcp-server':
      return { dhcpServer: true };
    case 'router-advertisements':
      return { routerAdvertisements: true };
    case 'vlan':
      return { vlan: true };
  }
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return { macs: [text.toLowerCase()] };
  const prefix = prefixOf(text);
  return prefix === null ? null : { prefixes: [prefix] };
}

export function buildAllowance(texts: readonly string[]): Allowance {
  const items = texts.flatMap((text) => allowItem(text) ?? []);
  const says = (key: 'any' | 'dhcpServer' | 'routerAdvertisements' | 'vlan') =>
    items.some((item) => item[key] === true);
  return {
    any: says('any'),
    macs: items.flatMap((item) => item.macs ?? []),
    prefixes: items.flatMap((item) => item.prefixes ?? []),
    dhcpServer: says('dhcpServer'),
    routerAdvertisements: says('routerAdvertisements'),
    vlan: says('vlan'),
  };
}

/** Who a rule may name. */
export interface EndNames {
  readonly hosts: Readonly<Record<string, unknown>>;
  readonly vms?: Readonly<Record<string, unknown>> | undefined;
}

/** null: neither a host nor a VM nor an address nor `any`. A VM or host that is called `any` can not be meant. */
export function accessEnd(text: string, { hosts, vms = {} }: EndNames): AccessEnd | null {
  if (text === 'any') return { kind: 'any' };
  if (Object.hasOwn(vms, text)) return { kind: 'vm', name: text };
  if (Object.hasOwn(hosts, text)) return { kind: 'host', name: text };
  const prefix = prefixOf(text);
  return prefix === null ? null : { kind: 'prefix', prefix };
}

/** A number, or `8000-8080`. */
export function portRange(port: number | string): { readonly first: number; readonly last: number } {
  const [first = '', last = first] = String(port).split('-');
  return { first: Number(first), last: Number(last) };
}

/** @param vm whose list it stands in; null: a network's */
export function buildRule(names: EndNames, rule: Written.Rule, vm: string | null): AccessRule {
  const { from, to } = writtenEnds(rule, vm);
  return {
    from: accessEnd(from, names) ?? { kind: 'any' },
    to: accessEnd(to, names) ?? { kind: 'any' },
    protocol: rule.protocol ?? 'any',
    ports: rule.port === undefined ? null : portRange(rule.port),
    action: rule.action,
  };
}

/** The ends with what is left out: the list's VM, at the end that nothing else is written for. */
export function writtenEnds(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  vm: string | null,
): { readonly from: string; readonly to: string } {
  if (vm === null) return { from: from ?? 'any', to: to ?? 'any' };
  if (from === undefined && to !== undefined) return { from: to === vm ? 'any' : vm, to };
  return { from: from ?? 'any', to: to ?? (from === vm ? 'any' : vm) };
}

/** An address, or a prefix without the bits of a host in it. */
function prefixOf(text: string): string | null {
  if (parseIp(text) !== null) return asHostPrefix(text);
  const prefix = parsePrefix(text);
  return prefix === null ? null : formatPrefix(networkOf(prefix));
}
