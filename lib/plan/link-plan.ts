import type { Change } from '../model/change.js';
import type { Command } from '../model/command.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import type { ObservedLink } from '../model/kernel-state.js';
import { change } from './change.js';
import { usedTaps } from './cut-off.js';
import type { DesiredNetwork, DesiredPort } from './desired.js';
import type { DesiredProbePort, DesiredTap } from './desired-ports.js';
import { barrierOf, dropInKernel, isBarrierOf, liftBarrier } from './kernel-barrier.js';
import type { ObservedHost, ObservedNetwork } from './observed.js';
import { linkAlias } from './ownership.js';

export interface LinkPlan {
  readonly changes: Change[];
  /** Before OVS takes the devices. */
  readonly prepare: Command[];
  /** After OVS has made its internal ports. */
  readonly settle: Command[];
  /** When nothing uses them any more. */
  readonly remove: Command[];
}

/** Tap devices and probe namespaces of one host. */
export function planLinks(topology: string, desired: DesiredNetwork, observed: ObservedHost): LinkPlan {
  const plan: LinkPlan = { changes: [], prepare: [], settle: [], remove: [] };
  const ports = desired.bridges.flatMap((bridge) => bridge.ports);
  const renamed = findRenamed(topology, ports, observed);
  for (const port of ports) {
    if (port.kind === 'tap') planTap(topology, desired, port, observed, renamed, plan);
    if (port.kind === 'probe') planProbe(topology, desired.host, port, observed, plan);
  }
  const kept = [...ports.map((port) => port.name), ...(renamed === null ? [] : [renamed.now])];
  removeLinks(topology, desired.host, new Set(kept), observed, plan);
  return plan;
}

interface RenamedTap {
  readonly was: string;
  readonly now: string;
}

/**
 * A tap that somebody has renamed still is the VM's: a new one in its place would be nobody's. It is known by what Open
 * vSwitch has: a port whose device is missing, and a device that is no port and that nobody wants. Where there are
 * several of these nobody can tell which was which.
 */
function findRenamed(topology: string, wanted: readonly DesiredPort[], observed: ObservedHost): RenamedTap | null {
  const ports = new Set(observed.bridges.flatMap((bridge) => bridge.ports.map((port) => port.name)));
  const isLink = (name: string) => observed.links.some((link) => link.name === name);
  const lost = wanted.filter(({ kind, name }) => kind === 'tap' && ports.has(name) && !isLink(name));
  // One of a name that is wanted is where it should be, even if its port was deleted.
  const isWanted = (name: string) => wanted.some((port) => port.name === name);
  const found = observed.links.filter(
    (link) => isOurTap(topology, link) && !ports.has(link.name) && !isWanted(link.name),
  );
  const [was, now] = [lost[0], found[0]];
  return was === undefined || now === undefined || lost.length > 1 || found.length > 1
    ? null
    : { was: was.name, now: now.name };
}

function isOurTap(topology: string, link: ObservedLink): boolean {
  return link.alias === linkAlias(topology) && link.kind === 'tun';
}

/** The commands that make a tap; the same for apply and for the reservation at a migration's destination. */
function tapCommands(topology: string, tap: DesiredTap): Command[] {
  const queues = tap.multiQueue ? ['multi_queue'] : [];
  return [{ argv: ['ip', 'tuntap', 'add', 'dev', tap.name, 'mode', 'tap', ...queues] }, tapSettings(topology, tap)];
}

export function deleteLink(name: string): Command {
  return { argv: ['ip', 'link', 'delete', 'dev', name] };
}

function tapSettings(topology: string, tap: DesiredTap): Command {
  // addrgenmode none: a tap that spoke IPv6 by itself would move MAC tables before the VM does. promisc on: OVS would
  // switch it on itself. After each change of a device OVS reads all routes anew, and frames that its userspace
  // datapath sends through tunnels meanwhile are lost (route-table.c); a change while it takes a port makes that
  // likely.
  return {
    argv: [
      'ip',
      'link',
      'set',
      'dev',
      tap.name,
      'alias',
      linkAlias(topology),
      'addrgenmode',
      'none',
      'mtu',
      String(tap.mtu),
      'promisc',
      'on',
      'up',
    ],
  };
}

function planTap(
  topology: string,
  { host, datapath }: DesiredNetwork,
  tap: DesiredTap,
  observed: ObservedHost,
  renamed: RenamedTap | null,
  plan: LinkPlan,
): void {
  const barrier = datapath === 'netdev' ? [dropInKernel(barrierOf(topology, tap.name), tap.name)] : [];
  if (renamed?.was === tap.name) {
    plan.prepare.push(
      // Before 6.2 the kernel renames only what is down.
      { argv: ['ip', 'link', 'set', 'dev', renamed.now, 'down'] },
      { argv: ['ip', 'link', 'set', 'dev', renamed.now, 'name', tap.name] },
      tapSettings(topology, tap),
      ...barrier,
    );
    plan.changes.push(change(host, 'tap-device', tap.name, 'update', `it was renamed to ${renamed.now}`));
    return;
  }
  const link = observed.links.find((candidate) => candidate.name === tap.name);
  if (link === undefined) {
    plan.prepare.push(...tapCommands(topology, tap), ...barrier);
    plan.changes.push(change(host, 'tap-device', tap.name, 'create', `VM ${tap.vm} needs a tap device here`));
    return;
  }
  if (link.alias !== linkAlias(topology) && !isHalfMade(link)) {
    throw new VxmigError('CLASH', `the device ${tap.name} on ${host} does not belong to this topology`, {
      where: `${host} ${tap.name}`,
    });
  }
  if ((link.multiQueue ?? false) !== tap.multiQueue && !isUsed(observed, tap.name)) {
    plan.prepare.push(deleteLink(tap.name), ...tapCommands(topology, tap), ...barrier);
    const [has, needs] = tap.multiQueue ? ['one queue', 'several'] : ['several queues', 'one'];
    plan.changes.push(
      change(host, 'tap-device', tap.name, 'update', `it has ${has}, and the NIC of ${tap.vm} has ${needs}`),
    );
    return;
  }
  const isOpen = barrier.length > 0 && !observed.nftTables.includes(barrierOf(topology, tap.name));
  const settings = [
    ...(isHalfMade(link) ? ['it is not marked yet'] : []),
    ...(link.mtu === tap.mtu ? [] : [`its MTU is ${link.mtu}, not ${tap.mtu}`]),
    ...(link.up ? [] : ['it is down']),
  ];
  const why = [...settings, ...(isOpen ? ["the host's own network stack takes what the VM sends"] : [])];
  if (why.length === 0) return;
  plan.prepare.push(...(settings.length > 0 ? [tapSettings(topology, tap)] : []), ...(isOpen ? barrier : []));
  plan.changes.push(change(host, 'tap-device', tap.name, 'update', why.join('; ')));
}

/** By a domain that is on: it would be cut off. */
function isUsed({ domains }: ObservedHost, tap: string): boolean {
  return domains.some((domain) => isAlive(domain.state) && usedTaps(domain).some(({ device }) => device === tap));
}

/**
 * A tap gets its mark right after it is made: one of a name that only we would give it, and that nobody has touched
 * since, is of an apply that died between.
 */
function isHalfMade({ kind, alias, up, addresses }: ObservedLink): boolean {
  return kind === 'tun' && alias === null && !up && addresses.length === 0;
}

function planProbe(
  topology: string,
  host: string,
  port: DesiredProbePort,
  observed: ObservedHost,
  plan: LinkPlan,
): void {
  const namespace = observed.namespaces.find((candidate) => candidate.name === port.namespace);
  const link = namespace?.links.find((candidate) => candidate.name === port.name);
  const isNew = link !== undefined && observed.links.some((candidate) => candidate.name === port.name);
  const why = isNew ? ['Open vSwitch has made its device anew, outside its namespace'] : probeFaults(port, link);
  if (why.length === 0) return;
  const inside = ['ip', '-n', port.namespace];
  // A second row of that name in one transaction would only rename the first: the port goes before its successor comes.
  if (hasLostDevice(port, observed)) plan.prepare.push({ argv: ['ovs-vsctl', '--if-exists', 'del-port', port.name] });
  if (namespace === undefined) plan.settle.push({ argv: ['ip', 'netns', 'add', port.namespace] });
  // In userspace a switch that is started anew does not look for its devices in namespaces, and leaves the old one
  // there connected to nothing.
  if (isNew) plan.settle.push({ argv: [...inside, 'link', 'delete', 'dev', port.name] });
  if (link === undefined || isNew)
    plan.settle.push({ argv: ['ip', 'link', 'set', 'dev', port.name, 'netns', port.namespace] });
  plan.settle.push(
    // The mark of ownership: a namespace itself carries no label.
    { argv: [...inside, 'link', 'set', 'dev', 'lo', 'alias', linkAlias(topology), 'up'] },
    { argv: [...inside, 'link', 'set', 'dev', port.name, 'address', port.mac, 'mtu', String(port.mtu)] },
    // The userspace datapath does not finish checksums that the kernel left open.
    { argv: ['ip', 'netns', 'exec', port.namespace, 'ethtool', '-K', port.name, 'tx', 'off'] },
    ...port.addresses.map((address) => ({
      argv: [...inside, 'address', 'replace', address, 'dev', port.name, ...(address.includes(':') ? ['nodad'] : [])],
    })),
    { argv: [...inside, 'link', 'set', 'dev', port.name, 'up'] },
  );
  plan.changes.push(
    change(host, 'probe-namespace', port.namespace, link === undefined ? 'create' : 'update', why.join('; ')),
  );
}

/**
 * A namespace takes the devices in it along when it goes; Open vSwitch still has the port then, but makes no new device
 * for it.
 */
export function hasLostDevice(port: DesiredProbePort, observed: ObservedNetwork): boolean {
  const known = observed.bridges.some((bridge) => bridge.ports.some((candidate) => candidate.name === port.name));
  const inside = observed.namespaces.find((candidate) => candidate.name === port.namespace)?.links ?? [];
  return known && ![...observed.links, ...inside].some((link) => link.name === port.name);
}

function probeFaults(port: DesiredProbePort, link: ObservedLink | undefined): string[] {
  if (link === undefined) return [`the probe port ${port.name} is not in its namespace`];
  return [
    ...(link.mac === port.mac ? [] : [`its MAC is ${link.mac}, not ${port.mac}`]),
    ...(link.mtu === port.mtu ? [] : [`its MTU is ${link.mtu}, not ${port.mtu}`]),
    ...(link.up ? [] : ['it is down']),
    ...port.addresses
      .filter((address) => !link.addresses.includes(address))
      .map((address) => `it lacks the address ${address}`),
  ];
}

function removeLinks(
  topology: string,
  host: string,
  wanted: ReadonlySet<string>,
  observed: ObservedHost,
  plan: LinkPlan,
): void {
  for (const link of observed.links) {
    if (!isOurTap(topology, link) || wanted.has(link.name)) continue;
    plan.remove.push(deleteLink(link.name));
    plan.changes.push(change(host, 'tap-device', link.name, 'delete', 'no VM needs it here'));
  }
  const barriers = new Set([...wanted].map((name) => barrierOf(topology, name)));
  for (const table of observed.nftTables) {
    if (!isBarrierOf(topology, table) || barriers.has(table)) continue;
    plan.remove.push(liftBarrier(table));
    plan.changes.push(change(host, 'tap-barrier', table, 'delete', 'its tap is not needed here'));
  }
  for (const namespace of observed.namespaces) {
    if (namespace.topology !== topology || wanted.has(namespace.name)) continue;
    plan.remove.push({ argv: ['ip', 'netns', 'delete', namespace.name] });
    plan.changes.push(change(host, 'probe-namespace', namespace.name, 'delete', 'no probe starts here'));
  }
}
