import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.js';
import type { Command } from '../model/command.js';
import type { ObservedLink } from '../model/kernel-state.js';
import { diffFlows } from '../openflow/diff.js';
import { isTransient } from '../pipeline/cookie.js';
import { change } from './change.js';
import { destroyNetwork } from './destroy-plan.js';
import type { BridgeFlows, OvsChange, OvsScope } from './host-plan.js';
import type { ObservedBridge, ObservedHost } from './observed.js';
import { columnsOfBridge, columnsOfPort } from './observed-columns.js';
import { KIND_KEY, linkAlias, ownedBy, underlayUserKey } from './ownership.js';
import { restoreAddresses } from './underlay-plan.js';

export const WHY = 'it was like this before the apply';
export const WHY_NEW = 'it was not there before the apply';

/**
 * What takes a host's network back to how it was before an apply, of `plan`, that did not come to its end. Only what
 * carries the topology's mark is in it.
 */
export function undoNetwork(plan: OvsScope, topology: string, before: ObservedHost, now: ObservedHost): OvsScope {
  const made = destroyNetwork(topology, marked(plan, topology, onlyNew(topology, before, now)));
  const ports = newPorts(topology, before, now);
  const columns = restoredColumns(topology, before, now);
  const lost = lostPorts(topology, before, now);
  const flows = restoredFlows(topology, before, now);
  const links = restoredLinks(topology, before, now);
  const back = (kind: string, name: string, action: Change['action']) => change(now.host, kind, name, action, WHY);
  return {
    backend: 'ovs',
    host: now.host,
    changes: [
      ...made.changes.map((each) => ({ ...each, why: WHY_NEW })),
      ...ports.map(({ port }) => back('port', port, 'delete')),
      ...lost.map(({ port }) => back('port', port, 'create')),
      ...columns.map((each) =>
        back('port' in each ? 'port' : 'bridge', 'port' in each ? each.port : each.bridge, 'update'),
      ),
      ...flows.map(({ bridge }) => back('flows', bridge, 'update')),
      ...links.map(({ name }) => back('device', name, 'update')),
    ],
    prepare: [],
    ovs: [...columns, ...lost],
    settle: links.flatMap(({ commands }) => commands),
    flows,
    remove: {
      prepare: made.remove.prepare,
      ovs: [...ports, ...made.remove.ovs],
      commands: [...made.remove.commands, ...restoreAddresses(before, now)],
    },
  };
}

/** A device or namespace that the plan creates is ours, too, when the apply has not come to marking it. */
function marked(plan: OvsScope, topology: string, made: ObservedHost): ObservedHost {
  const created = (kind: string, name: string) =>
    plan.changes.some((each) => each.action === 'create' && each.kind === kind && each.name === name);
  return {
    ...made,
    links: made.links.map((link) =>
      link.alias === null && created('tap-device', link.name) ? { ...link, alias: linkAlias(topology) } : link,
    ),
    namespaces: made.namespaces.map((namespace) =>
      namespace.topology === null && created('probe-namespace', namespace.name)
        ? { ...namespace, topology }
        : namespace,
    ),
  };
}

/** The host as if only what was not there before were on it. */
export function onlyNew(topology: string, before: ObservedHost, now: ObservedHost): ObservedHost {
  const key = underlayUserKey(topology);
  const ours = (bridge: ObservedBridge) =>
    ownedBy(topology, bridge.externalIds) || bridge.externalIds[key] !== undefined;
  const wasThere = (these: readonly { readonly name: string }[]) => {
    const names = new Set(these.map(({ name }) => name));
    return ({ name }: { readonly name: string }) => names.has(name);
  };
  const [bridge, domain, link, namespace] = [
    wasThere(before.bridges.filter(ours)),
    wasThere(before.domains),
    wasThere(before.links.filter(({ alias }) => alias === linkAlias(topology))),
    wasThere(before.namespaces),
  ];
  return {
    ...now,
    bridges: now.bridges.filter((each) => !bridge(each)),
    domains: now.domains.filter((each) => !domain(each)),
    links: now.links.filter((each) => !link(each)),
    namespaces: now.namespaces.filter((each) => !namespace(each)),
    nftTables: now.nftTables.filter((table) => !before.nftTables.includes(table)),
    seeds: Object.fromEntries(Object.entries(now.seeds).filter(([path]) => before.seeds[path] === undefined)),
  };
}

function bothBridges(
  topology: string,
  before: ObservedHost,
  now: ObservedHost,
): { was: ObservedBridge; is: ObservedBridge }[] {
  return before.bridges.flatMap((was) => {
    const is = now.bridges.find((bridge) => bridge.name === was.name);
    return is !== undefined && ownedBy(topology, is.externalIds) ? [{ was, is }] : [];
  });
}

function newPorts(
  topology: string,
  before: ObservedHost,
  now: ObservedHost,
): Extract<OvsChange, { kind: 'delete-port' }>[] {
  return bothBridges(topology, before, now).flatMap(({ was, is }) =>
    is.ports
      .filter(
        ({ name, externalIds }) => ownedBy(topology, externalIds) && !was.ports.some((port) => port.name === name),
      )
      .map(({ name, uuid }) => ({ kind: 'delete-port', bridge: is.name, port: name, uuid }) as const),
  );
}

/** Tunnels that others have taken the place of. */
function lostPorts(
  topology: string,
  before: ObservedHost,
  now: ObservedHost,
): Extract<OvsChange, { kind: 'add-port' }>[] {
  return bothBridges(topology, before, now).flatMap(({ was, is }) =>
    was.ports
      .filter(
        ({ name, externalIds }) =>
          ownedBy(topology, externalIds) &&
          externalIds[KIND_KEY] === 'tunnel' &&
          !is.ports.some((port) => port.name === name),
      )
      .map((port) => ({ kind: 'add-port', bridge: is.name, port: port.name, columns: columnsOfPort(port) }) as const),
  );
}

function restoredColumns(topology: string, before: ObservedHost, now: ObservedHost) {
  return bothBridges(topology, before, now).flatMap(({ was, is }) => [
    ...(isDeepStrictEqual(columnsOfBridge(was), columnsOfBridge(is))
      ? []
      : [{ kind: 'set-bridge', bridge: is.name, uuid: is.uuid, columns: columnsOfBridge(was) } as const]),
    ...was.ports.flatMap((port) => {
      const there = is.ports.find(({ name }) => name === port.name);
      if (there === undefined || isDeepStrictEqual(columnsOfPort(port), columnsOfPort(there))) return [];
      const { uuid, interface: device } = there;
      const columns = columnsOfPort(port);
      return [
        { kind: 'set-port', bridge: is.name, port: port.name, uuid, interfaceUuid: device.uuid, columns } as const,
      ];
    }),
  ]);
}

function restoredFlows(topology: string, before: ObservedHost, now: ObservedHost): BridgeFlows[] {
  return bothBridges(topology, before, now).flatMap(({ was, is }) => {
    const planned = (bridge: ObservedBridge) => bridge.flows.filter((flow) => !isTransient(flow));
    const diff = diffFlows(planned(was), planned(is), () => true);
    return diff.add.length + diff.remove.length === 0 ? [] : [{ bridge: is.name, diff }];
  });
}

/** Devices that were there: MTU, MAC and addresses. */
function restoredLinks(
  topology: string,
  before: ObservedHost,
  now: ObservedHost,
): { name: string; commands: Command[] }[] {
  const taps = before.links
    .filter(({ alias }) => alias === linkAlias(topology))
    .flatMap((was) => restoredLink(was, now.links, []));
  const inside = before.namespaces
    .filter((namespace) => namespace.topology === topology)
    .flatMap(({ name, links }) => {
      const there = now.namespaces.find((namespace) => namespace.name === name)?.links ?? [];
      return links.filter((link) => link.name !== 'lo').flatMap((was) => restoredLink(was, there, ['-n', name]));
    });
  return [...taps, ...inside];
}

function restoredLink(
  was: ObservedLink,
  there: readonly ObservedLink[],
  place: readonly string[],
): { name: string; commands: Command[] }[] {
  const is = there.find(({ name }) => name === was.name);
  if (is === undefined) return [];
  const ip = (...words: string[]): Command => ({ argv: ['ip', ...place, ...words, 'dev', was.name] });
  const nodad = (address: string) => (address.includes(':') ? ['nodad'] : []);
  const commands: Command[] = [
    ...(was.mtu === is.mtu && was.mac === is.mac
      ? []
      : [{ argv: ['ip', ...place, 'link', 'set', 'dev', was.name, 'address', was.mac, 'mtu', String(was.mtu)] }]),
    ...was.addresses
      .filter((address) => !is.addresses.includes(address))
      .map((address) => ({ argv: [...ip('address', 'replace', address).argv, ...nodad(address)] })),
    ...is.addresses
      .filter((address) => !was.addresses.includes(address))
      .map((address) => ip('address', 'delete', address)),
  ];
  return commands.length === 0 ? [] : [{ name: was.name, commands }];
}
