import { asHostPrefix, parsePrefix } from '../model/address.js';
import { probeAddresses, probeMac } from '../model/names.js';
import type { AccessEnd, AccessRule, Network, Topology, Vm } from '../model/topology.js';
import type { AccessLists, AccessEnd as FrameEnd, AccessRule as FrameRule } from '../pipeline/facts.js';

/** A rule with the number that its flows carry, and whose list it stands in. */
export interface NumberedRule {
  readonly id: number;
  readonly owner: { readonly kind: 'network' | 'vm'; readonly name: string };
  /** Its place in the list, from 1. */
  readonly place: number;
  readonly rule: AccessRule;
}

/** Every rule of the file, numbered in the order in which they stand there. */
export function numberedRules(topology: Topology): NumberedRule[] {
  const lists = [
    ...topology.networks.map(({ name, acl }) => ({ owner: { kind: 'network', name } as const, acl })),
    ...topology.vms.map(({ name, acl }) => ({ owner: { kind: 'vm', name } as const, acl })),
  ];
  return lists
    .flatMap(({ owner, acl }) => acl.map((rule, index) => ({ owner, place: index + 1, rule })))
    .map((entry, index) => ({ id: index + 1, ...entry }));
}

/**
 * The rules that frames of one network meet: the network's own list, and of each VM's list what it says of the VM as
 * the sender, and as the receiver. Ends are MACs and addresses, which are the same wherever a VM runs.
 */
export function accessLists(topology: Topology, network: Network): AccessLists {
  const rules = numberedRules(topology);
  const listOf = (kind: 'network' | 'vm', name: string) =>
    rules.filter(({ owner }) => owner.kind === kind && owner.name === name);
  const inFrames = (list: readonly NumberedRule[]) => list.flatMap((entry) => frameRule(topology, network, entry));
  const ofVm = (end: 'from' | 'to') =>
    topology.vms
      .map(({ name }) =>
        inFrames(listOf('vm', name).filter(({ rule }) => rule[end].kind === 'vm' && isNamed(rule[end], name))),
      )
      .filter((list) => list.length > 0);
  return { network: inFrames(listOf('network', network.name)), sender: ofVm('from'), receiver: ofVm('to') };
}

function isNamed(end: AccessEnd, name: string): boolean {
  return end.kind === 'vm' && end.name === name;
}

/** Nothing where one of its ends has no place in the network. */
function frameRule(topology: Topology, network: Network, { id, rule }: NumberedRule): FrameRule[] {
  const from = frameEnds(topology, network, rule.from);
  const to = frameEnds(topology, network, rule.to);
  if (from.length === 0 || to.length === 0) return [];
  return [{ id, from, to, protocol: rule.protocol, ports: rule.ports, action: rule.action }];
}

function frameEnds(topology: Topology, network: Network, end: AccessEnd): FrameEnd[] {
  switch (end.kind) {
    case 'any':
      return [{ kind: 'any' }];
    case 'prefix':
      return ipEnds([end.prefix], false);
    case 'host':
      return [
        { kind: 'mac', mac: probeMac(topology.name, network.name, end.name) },
        ...ipEnds(probeAddresses(topology, network.name, end.name).map(asHostPrefix), true),
      ];
    case 'vm':
      return vmEnds(
        topology.vms.find((vm) => vm.name === end.name),
        network,
      );
  }
}

/** Frames for a VM are those for its MAC, and those for a group of MACs that carry one of its addresses. */
function vmEnds(vm: Vm | undefined, network: Network): FrameEnd[] {
  return (vm?.nics ?? [])
    .filter((nic) => nic.network === network.name)
    .flatMap(({ mac, addresses, allow }) => [
      ...[mac, ...allow.macs].map((each): FrameEnd => ({ kind: 'mac', mac: each })),
      ...ipEnds(addresses.map(asHostPrefix), true),
    ]);
}

function ipEnds(prefixes: readonly string[], grouped: boolean): FrameEnd[] {
  return prefixes.flatMap((prefix): FrameEnd[] => {
    const family = parsePrefix(prefix)?.ip.family;
    return family === undefined ? [] : [{ kind: 'ip', family, prefix, grouped }];
  });
}

/** `rule 2 of VM web: deny tcp from any to web port 80` */
export function ruleText({ owner, place, rule }: NumberedRule): string {
  const list = owner.kind === 'vm' ? `VM ${owner.name}` : `network ${owner.name}`;
  const { first, last } = rule.ports ?? { first: 0, last: 0 };
  const port = rule.ports === null ? '' : ` port ${first === last ? first : `${first}-${last}`}`;
  return (
    `rule ${place} of ${list}: ${rule.action} ${rule.protocol} from ${endText(rule.from)} to ` +
    `${endText(rule.to)}${port}`
  );
}

function endText(end: AccessEnd): string {
  if (end.kind === 'any') return 'any';
  return end.kind === 'prefix' ? end.prefix.replace(/(?<=\..*)\/32$|(?<=:.*)\/128$/, '') : end.name;
}
