import type { Change } from '../../../lib/model/change.js';
import type { Command } from '../../../lib/model/command.js';
import { DomainDefinition, parseInterface } from '../../../lib/model/domain-definition.js';
import { MARK_NAMESPACE, marksOf } from '../../../lib/model/domain-marks.js';
import type { ObservedLink, ObservedRoute, SwitchRoutes } from '../../../lib/model/kernel-state.js';
import { flowKey } from '../../../lib/openflow/flow.js';
import { destroyNetwork, destroyVms } from '../../../lib/plan/destroy-plan.js';
import type { BridgeFlows, DomainStep, OvsChange, OvsScope, VmPlan } from '../../../lib/plan/host-plan.js';
import type { ObservedBridge, ObservedDomain, ObservedHost, ObservedPort } from '../../../lib/plan/observed.js';
import type { PlannedMove } from '../../../lib/plan/ovs-planner.js';
import type { Plan } from '../../../lib/plan/plan.js';
import { undoNetwork } from '../../../lib/plan/undo-plan.js';
import { undoVms } from '../../../lib/plan/undo-vms.js';
import { domainSeen } from './domains.js';

/** All that is to be done on one host: its scope of the network, and its VMs. */
export interface HostPlan extends Omit<OvsScope, 'remove' | 'backend'> {
  readonly domains: readonly DomainStep[];
  readonly remove: OvsScope['remove'] & { readonly domains: readonly DomainStep[] };
}

const NO_CHANGES: readonly Change[] = [];

export function hostPlan(scope: OvsScope, vms?: Omit<VmPlan, 'host'>): HostPlan {
  const { steps, remove, changes } = vms ?? { steps: [], remove: [], changes: NO_CHANGES };
  return {
    ...scope,
    changes: [...scope.changes, ...changes],
    domains: steps,
    remove: { ...scope.remove, domains: remove },
  };
}

/** One for each host. */
export function hostsOf({ scopes, vms }: Plan<OvsScope>): HostPlan[] {
  return scopes.map((scope) =>
    hostPlan(
      scope,
      vms.find(({ host }) => host === scope.host),
    ),
  );
}

/** What destroying a topology takes from a host. */
export function planDestroy(topology: string, observed: ObservedHost): HostPlan {
  const vms = destroyVms(topology, observed);
  const plan = hostPlan(destroyNetwork(topology, observed), vms);
  // As destroy prints them: VMs go first.
  return { ...plan, changes: [...vms.changes, ...plan.changes.filter((change) => !vms.changes.includes(change))] };
}

/** What takes a host back to how it was before the plan. */
export function planUndo(plan: HostPlan, topology: string, before: ObservedHost, now: ObservedHost): HostPlan {
  const scope: OvsScope = { ...plan, backend: 'ovs' };
  return hostPlan(undoNetwork(scope, topology, before, now), undoVms(topology, before, now));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What a host would show after its plan was carried out: a model of Open vSwitch, iproute2, nftables and libvirt that
 * knows only what plans use, and throws for anything else.
 */
export function executed(plan: HostPlan, before: ObservedHost): ObservedHost {
  let host = before;
  for (const command of plan.prepare) host = afterCommand(host, command);
  for (const change of plan.ovs) host = afterOvs(host, change);
  for (const [index, command] of plan.settle.entries()) {
    // The switch knows no address that is newer than its last answer, and refuses the route.
    if (command.argv.includes('ovs/route/add') && plan.settle[index - 1]?.argv[0] !== 'ovs-appctl')
      throw new Error(`the switch was not asked anything before ${command.argv.join(' ')}`);
    host = afterCommand(host, command);
  }
  for (const flows of plan.flows) host = afterFlows(host, flows);
  for (const step of [...plan.domains, ...plan.remove.domains])
    host = { ...host, domains: afterStep(host.domains, step) };
  for (const command of plan.remove.prepare) host = afterCommand(host, command);
  for (const change of plan.remove.ovs) host = afterOvs(host, change);
  for (const command of plan.remove.commands) host = afterCommand(host, command);
  return host;
}

/** The same for a plan that moves VMs: what `plan --as-shell` prints, with a libvirt that does as it is told. */
export function executedMoves(
  plan: Plan<OvsScope>,
  moves: ReadonlyMap<string, PlannedMove>,
  before: readonly ObservedHost[],
): ObservedHost[] {
  const ready = before.map((host) => {
    const own = hostsOf(plan).find((candidate) => candidate.host === host.host);
    const network = moves.get(host.host)?.before ?? own;
    if (own === undefined || network === undefined) return host;
    return executed(
      { ...network, domains: own.domains, remove: { domains: [], prepare: [], ovs: [], commands: [] } },
      host,
    );
  });
  const moved = plan.migrations.reduce((hosts, { vm, from, to }) => {
    const domain = hosts.find(({ host }) => host === from)?.domains.find(({ name }) => name === vm);
    if (domain === undefined) throw new Error(`${vm} is not on ${from}`);
    return hosts.map((host) => {
      if (host.host === from) return { ...host, domains: host.domains.filter((candidate) => candidate !== domain) };
      return host.host === to ? { ...host, domains: [...host.domains, domain] } : host;
    });
  }, ready);
  return moved.map((host) => {
    const after = moves.get(host.host)?.after ?? { flows: [], ports: [], commands: [] };
    const own = hostsOf(plan).find((candidate) => candidate.host === host.host);
    let left = after.flows.reduce(afterFlows, host);
    for (const { port } of after.ports) left = withoutPort(left, port);
    for (const command of after.commands) left = afterCommand(left, command);
    const nothing = { prepare: [], ovs: [], settle: [], flows: [], domains: [] };
    return own === undefined ? left : executed({ ...own, ...nothing }, left);
  });
}

function withoutPort(host: ObservedHost, name: string): ObservedHost {
  return {
    ...host,
    bridges: host.bridges.map((bridge) => ({ ...bridge, ports: bridge.ports.filter((port) => port.name !== name) })),
  };
}

let lastUuid = 0;
const newUuid = (): string => `uuid-${++lastUuid}`;

export function afterOvs(host: ObservedHost, change: OvsChange): ObservedHost {
  const bridges = (change_: (bridge: ObservedBridge) => ObservedBridge) =>
    host.bridges.map((bridge) => (bridge.name === change.bridge ? change_(bridge) : bridge));
  switch (change.kind) {
    case 'add-bridge':
      return {
        ...host,
        bridges: [...host.bridges, { ...change.columns, uuid: newUuid(), name: change.bridge, ports: [], flows: [] }],
        links: [...host.links, newLink(change.bridge, null)],
      };
    case 'set-bridge':
      return { ...host, bridges: bridges((bridge) => ({ ...bridge, ...change.columns })) };
    case 'delete-bridge': {
      const gone = host.bridges.find((bridge) => bridge.uuid === change.uuid);
      const devices = [change.bridge, ...(gone?.ports ?? []).filter(isInternal).map(({ name }) => name)];
      return withoutDevices({ ...host, bridges: host.bridges.filter((bridge) => bridge !== gone) }, devices);
    }
    case 'add-port':
      return {
        ...host,
        bridges: bridges((bridge) => ({ ...bridge, ports: [...bridge.ports, newPort(change.port, change.columns)] })),
        links: change.columns.type === 'internal' ? [...host.links, newLink(change.port, null)] : host.links,
      };
    case 'set-port':
      return {
        ...host,
        bridges: bridges((bridge) => ({
          ...bridge,
          ports: bridge.ports.map((port) =>
            port.uuid === change.uuid ? { ...newPort(port.name, change.columns), uuid: port.uuid } : port,
          ),
        })),
      };
    case 'delete-port': {
      const gone = host.bridges.flatMap(({ ports }) => ports).filter((port) => port.uuid === change.uuid);
      const rest = bridges((bridge) => ({ ...bridge, ports: bridge.ports.filter((port) => !gone.includes(port)) }));
      return withoutDevices(
        { ...host, bridges: rest },
        gone.filter(isInternal).map(({ name }) => name),
      );
    }
  }
}

function isInternal(port: ObservedPort): boolean {
  return port.interface.type === 'internal';
}

/** Open vSwitch's own devices go with their ports, in whatever namespace they are. */
function withoutDevices(host: ObservedHost, names: readonly string[]): ObservedHost {
  const rest = (links: readonly ObservedLink[]) => links.filter((link) => !names.includes(link.name));
  return {
    ...host,
    links: rest(host.links),
    namespaces: host.namespaces.map((namespace) => ({ ...namespace, links: rest(namespace.links) })),
  };
}

function newPort(name: string, columns: Extract<OvsChange, { kind: 'add-port' }>['columns']): ObservedPort {
  const { externalIds, type, options, ofportRequest } = columns;
  return {
    uuid: newUuid(),
    name,
    externalIds,
    interface: { uuid: newUuid(), type, options, ofport: ofportRequest, ofportRequest, error: null },
  };
}

function newLink(name: string, kind: string | null): ObservedLink {
  return { name, mac: '02:ff:ff:ff:ff:ff', mtu: 1500, up: false, kind, alias: null, addresses: [] };
}

export function afterFlows(host: ObservedHost, { bridge, diff }: BridgeFlows): ObservedHost {
  const gone = new Set([...diff.remove, ...diff.add].map(flowKey));
  return {
    ...host,
    bridges: host.bridges.map((candidate) =>
      candidate.name === bridge
        ? { ...candidate, flows: [...candidate.flows.filter((flow) => !gone.has(flowKey(flow))), ...diff.add] }
        : candidate,
    ),
  };
}

export function afterStep(domains: readonly ObservedDomain[], step: DomainStep): ObservedDomain[] {
  const others = domains.filter((domain) => domain.name !== step.domain);
  const found =
    domains.find((domain) => domain.name === step.domain) ?? domainSeen(step.domain, '', { state: 'shut off' });
  const stored = (xml: string) => ({ ...found, xml, ...marksOf({ xml, live: found.live }) });
  switch (step.kind) {
    case 'define':
      return [...others, stored(step.xml)];
    case 'update-nic':
      return [...others, stored(withNic(found.xml, step.xml))];
    case 'mark':
      return [...others, stored(withMark(found.xml, step.element))];
    case 'start':
      return [...others, { ...found, state: 'running', live: found.xml, saved: false }];
    case 'resume':
      return [...others, { ...found, state: 'running', reason: '', pausedByMigration: false, arriving: false }];
    case 'shutdown':
    case 'stop':
      return [...others, { ...found, state: 'shut off', live: null }];
    case 'undefine':
      return others;
  }
}

function withNic(xml: string, nic: string): string {
  const { mac } = parseInterface(nic);
  return DomainDefinition.parse(xml).withInterface(mac, nic).toString();
}

/** As libvirt keeps it: with its prefix, and in place of the one that was there. */
function withMark(xml: string, element: string | null): string {
  const bare = xml.replace(/<metadata>.*<\/metadata>/s, '');
  if (element === null) return bare;
  const spaced = element.replace('<adopted', `<vxmig:adopted xmlns:vxmig='${MARK_NAMESPACE}'`);
  const prefixed = spaced
    .replaceAll('</adopted', '</vxmig:adopted')
    .replaceAll(/<(\/?)interface/g, '<$1vxmig:interface');
  return bare.replace(/(<domain[^>]*>)/, (start) => `${start}<metadata>${prefixed}</metadata>`);
}

export function afterCommand(host: ObservedHost, { argv, stdin }: Command): ObservedHost {
  const line = argv.join(' ');
  if (argv[0] === 'ethtool' || line.includes(' ethtool ')) return host;
  if (argv[0] === 'nft') return { ...host, nftTables: tablesAfter(host.nftTables, stdin ?? '') };
  if (argv[0] === 'ovs-appctl') return { ...host, switchRoutes: switchRoutesAfter(host.switchRoutes, argv.slice(3)) };
  if (argv[0] === 'ovs-vsctl' && argv[2] === 'del-port') return withoutPort(host, argv[3] ?? '');
  if (argv[0] !== 'ip') throw new Error(`not in the model: ${line}`);
  if (argv[1] === '-n') return inNamespace(host, argv[2] ?? '', argv.slice(3));
  const words = argv.slice(argv[1] === '-4' || argv[1] === '-6' ? 2 : 1);
  const [object, verb] = words;
  if (object === 'tuntap' && verb === 'add') {
    const tap = { ...newLink(words[3] ?? '', 'tun'), ...(words[6] === 'multi_queue' ? { multiQueue: true } : {}) };
    return { ...host, links: [...host.links, tap] };
  }
  if (object === 'netns' && verb === 'add') {
    return {
      ...host,
      namespaces: [...host.namespaces, { name: words[2] ?? '', topology: null, links: [newLink('lo', null)] }],
    };
  }
  if (object === 'netns' && verb === 'delete')
    return { ...host, namespaces: host.namespaces.filter((namespace) => namespace.name !== words[2]) };
  if (object === 'link' && verb === 'delete')
    return { ...host, links: host.links.filter((link) => link.name !== words[3]) };
  if (object === 'link' && words[4] === 'netns') return movedLink(host, words[3] ?? '', words[5] ?? '');
  if (object === 'link' || object === 'address') return { ...host, links: linksAfter(host.links, words) };
  if (object === 'route' && verb === 'replace') {
    const value = (key: string) => (words.includes(key) ? (words[words.indexOf(key) + 1] ?? '') : null);
    const destination = words[2] ?? '';
    const others = host.routes.filter((route) => route.destination !== destination);
    const metric = value('metric');
    const route: ObservedRoute = {
      destination,
      gateway: value('via'),
      device: value('dev') ?? '',
      family: argv[1] === '-6' ? 6 : 4,
      protocol: value('proto'),
      metric: metric === null ? null : Number(metric),
    };
    return { ...host, routes: [...others, route] };
  }
  throw new Error(`not in the model: ${line}`);
}

function tablesAfter(tables: readonly string[], script: string): string[] {
  const [name = ''] = /(?<=^table netdev )\S+/m.exec(script) ?? [];
  const others = tables.filter((table) => table !== name);
  return script.includes('hook ingress') ? [...others, name] : others;
}

function movedLink(host: ObservedHost, name: string, target: string): ObservedHost {
  const moved = host.links.filter((link) => link.name === name);
  if (moved.length !== 1) throw new Error(`no device ${name} to move`);
  return {
    ...host,
    links: host.links.filter((link) => link.name !== name),
    namespaces: host.namespaces.map((namespace) =>
      namespace.name === target ? { ...namespace, links: [...namespace.links, ...moved] } : namespace,
    ),
  };
}

function inNamespace(host: ObservedHost, name: string, words: readonly string[]): ObservedHost {
  const namespaces = host.namespaces.map((namespace) => {
    if (namespace.name !== name) return namespace;
    const links =
      words[0] === 'link' && words[1] === 'delete'
        ? namespace.links.filter((link) => link.name !== words[3])
        : linksAfter(namespace.links, words);
    const mark = links.find((link) => link.name === 'lo')?.alias ?? null;
    return { ...namespace, links, topology: mark?.replace(/^vxmig:/, '') ?? null };
  });
  return { ...host, namespaces };
}

function linksAfter(links: readonly ObservedLink[], words: readonly string[]): ObservedLink[] {
  const name = words[words.indexOf('dev') + 1] ?? '';
  if (!links.some((link) => link.name === name)) throw new Error(`no such device: ${words.join(' ')}`);
  return links.map((link) => (link.name === name ? linkAfter(link, words) : link));
}

function linkAfter(before: ObservedLink, words: readonly string[]): ObservedLink {
  const link: Mutable<ObservedLink> = { ...before };
  if (words[0] === 'address') {
    const others = link.addresses.filter((address) => address !== words[2]);
    link.addresses = words[1] === 'delete' ? others : [...others, words[2] ?? ''];
    return link;
  }
  const value = (key: string) => words[words.indexOf(key) + 1] ?? '';
  if (words.includes('alias')) link.alias = value('alias');
  if (words.includes('mtu')) link.mtu = Number(value('mtu'));
  if (words.includes('address')) link.mac = value('address');
  if (words.includes('up')) link.up = true;
  if (words.includes('down')) link.up = false;
  if (words.includes('name')) link.name = value('name');
  return link;
}

function switchRoutesAfter(before: SwitchRoutes, words: readonly string[]): SwitchRoutes {
  const [command, destination = '', device = '', gateway = null] = words;
  const others = before.added.filter((route) => route.destination !== destination);
  if (command === 'version') return before;
  if (command === 'ovs/route/del') return { ...before, added: others };
  if (command === 'ovs/route/add') return { ...before, added: [...others, { destination, device, gateway }] };
  throw new Error(`not in the model: ${words.join(' ')}`);
}
