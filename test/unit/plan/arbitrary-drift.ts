import fc from 'fast-check';
import type { ObservedLink } from '../../../lib/model/kernel-state.js';
import { normal } from '../../../lib/openflow/action.js';
import type { Flow } from '../../../lib/openflow/flow.js';
import { match } from '../../../lib/openflow/match.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import type { ObservedBridge, ObservedHost, ObservedInterface, ObservedPort } from '../../../lib/plan/observed.js';
import { ownedBy } from '../../../lib/plan/ownership.js';

/** What somebody does to a host, to the one of several things that a number chooses. */
type Deed = (host: ObservedHost, which: number) => Partial<ObservedHost>;

const OURS = 'drawn';

function choose<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

function bridges(host: ObservedHost, which: number, change: (bridge: ObservedBridge) => Partial<ObservedBridge>) {
  const chosen = choose(
    host.bridges.filter((bridge) => ownedBy(OURS, bridge.externalIds)),
    which,
  );
  return {
    bridges: host.bridges.map((bridge) => (bridge === chosen ? { ...bridge, ...change(bridge) } : bridge)),
  };
}

function onFlow(change: (flow: Flow) => readonly Flow[]): Deed {
  return (host, which) =>
    bridges(host, which, ({ flows }) => {
      const chosen = choose(flows, which);
      return { flows: flows.flatMap((flow) => (flow === chosen ? change(flow) : [flow])) };
    });
}

function onPort(change: (port: ObservedPort, siblings: readonly ObservedPort[]) => ObservedPort): Deed {
  return (host, which) =>
    bridges(host, which, ({ ports }) => {
      const chosen = choose(ports, which);
      return { ports: ports.map((port) => (port === chosen ? change(port, ports) : port)) };
    });
}

function onInterface(change: (seen: ObservedInterface) => Partial<ObservedInterface>): Deed {
  return onPort((port) => ({ ...port, interface: { ...port.interface, ...change(port.interface) } }));
}

function onTap(change: (link: ObservedLink) => readonly ObservedLink[]): Deed {
  return ({ links }, which) => {
    const chosen = choose(
      links.filter((link) => link.kind === 'tun' && link.alias === `vxmig:${OURS}`),
      which,
    );
    return { links: links.flatMap((link) => (link === chosen ? change(link) : [link])) };
  };
}

function onProbe(change: (link: ObservedLink) => Partial<ObservedLink>): Deed {
  return ({ namespaces }, which) => {
    const chosen = choose(
      namespaces.filter(({ topology }) => topology === OURS),
      which,
    );
    return {
      namespaces: namespaces.map((namespace) =>
        namespace === chosen
          ? {
              ...namespace,
              links: namespace.links.map((link) => (link.name === 'lo' ? link : { ...link, ...change(link) })),
            }
          : namespace,
      ),
    };
  };
}

function withoutDevices(host: ObservedHost, names: readonly string[]): Partial<ObservedHost> {
  const others = (links: readonly ObservedLink[]) => links.filter((link) => !names.includes(link.name));
  return {
    links: others(host.links),
    namespaces: host.namespaces.map((namespace) => ({ ...namespace, links: others(namespace.links) })),
  };
}

const deeds: Readonly<Record<string, Deed>> = {
  'a port is deleted': (host, which) => {
    const bridge = choose(
      host.bridges.filter(({ externalIds }) => ownedBy(OURS, externalIds)),
      which,
    );
    const port = choose(bridge?.ports ?? [], which);
    return {
      // Its own device goes with an internal port.
      ...(port?.interface.type === 'internal' ? withoutDevices(host, [port.name]) : {}),
      ...bridges(host, which, ({ ports }) => ({ ports: ports.filter((candidate) => candidate !== port) })),
    };
  },
  'a tunnel leads elsewhere': onInterface(({ options }) => ({
    options: 'key' in options ? { ...options, remote_ip: '198.18.99.99' } : options,
  })),
  'a tunnel has another VNI': onInterface(({ options }) => ({
    options: 'key' in options ? { ...options, key: '666' } : options,
  })),
  'a tunnel has lost its options': onInterface(() => ({ options: {} })),
  'a port has no number of its own': onInterface(() => ({ ofportRequest: null })),
  'a port asks for the number of another': onPort((port, siblings) => ({
    ...port,
    interface: { ...port.interface, ofportRequest: siblings[0]?.interface.ofport ?? null },
  })),
  'a port is labelled': onPort((port) => ({ ...port, externalIds: { ...port.externalIds, note: 'mine' } })),
  'a port is mislabelled': onPort((port) => ({ ...port, externalIds: { 'vxmig-topology': OURS } })),
  'the bridge forwards by itself': (host, which) => bridges(host, which, () => ({ failMode: 'standalone' })),
  'the bridge has settings': (host, which) =>
    bridges(host, which, () => ({ otherConfig: { 'disable-in-band': 'true' } })),
  'the tables have lost their names': (host, which) => bridges(host, which, () => ({ tableNames: {} })),
  'the bridge has a controller': (host, which) =>
    bridges(host, which, ({ switching }) => ({ switching: { ...switching, controllers: ['tcp:192.0.2.1:6653'] } })),
  'the bridge has STP': (host, which) =>
    bridges(host, which, ({ switching }) => ({ switching: { ...switching, stp: true, rstp: which % 2 === 0 } })),
  'the bridge has another MTU': (host, which) => bridges(host, which, () => ({ mtuRequest: 9000 })),
  'the bridge is deleted': (host, which) => {
    const [chosen] = [...host.bridges]
      .filter(({ externalIds }) => ownedBy(OURS, externalIds))
      .sort((a, b) => (which % 2 === 0 ? 1 : -1) * (a.name < b.name ? -1 : 1));
    if (chosen === undefined) return {};
    const gone = [chosen.name, ...chosen.ports.filter((p) => p.interface.type === 'internal').map((p) => p.name)];
    return { ...withoutDevices(host, gone), bridges: host.bridges.filter((bridge) => bridge !== chosen) };
  },
  'a flow is gone': onFlow(() => []),
  'a flow drops': onFlow((flow) => [{ ...flow, actions: [] }]),
  'a flow is somebody else’s': onFlow((flow) => [{ ...flow, cookie: 0xbadn }]),
  'a flow expires': onFlow((flow) => [{ ...flow, idleTimeoutSeconds: 60 }]),
  'a flow has a stronger twin': onFlow((flow) => [flow, { ...flow, priority: 65000, actions: [normal] }]),
  'all flows are gone': (host, which) => bridges(host, which, () => ({ flows: [] })),
  'a NORMAL flow': (host, which) =>
    bridges(host, which, ({ flows }) => ({
      flows: [...flows, { table: which % 100, cookie: 0n, priority: 7, match: match({}), actions: [normal] }],
    })),
  'something was learned': (host, which) =>
    bridges(host, which, ({ flows }) => ({
      flows: [
        ...flows.filter((flow) => flow.cookie !== cookieOf('learned')),
        {
          table: 50,
          cookie: cookieOf('learned'),
          priority: 1,
          match: match({ eth_dst: '52:54:00:77:00:01' }),
          actions: [],
        },
      ],
    })),
  'a tap is gone': onTap(() => []),
  'a tap is renamed': onTap((link) => [{ ...link, name: `x${link.name.slice(1)}` }]),
  'a tap is down': onTap((link) => [{ ...link, up: false }]),
  'a tap has another MTU': onTap((link) => [{ ...link, mtu: 1280 }]),
  'a probe is down': onProbe(() => ({ up: false })),
  'a probe has no address': onProbe(() => ({ addresses: [] })),
  'a probe has another MAC': onProbe(() => ({ mac: '02:00:00:00:00:99' })),
  'a probe’s namespace is gone': ({ namespaces }, which) => {
    const chosen = choose(
      namespaces.filter(({ topology }) => topology === OURS),
      which,
    );
    return { namespaces: namespaces.filter((namespace) => namespace !== chosen) };
  },
  'a VM is stopped': onDomain((domain) => [{ ...domain, state: 'shut off' }]),
  'a VM has crashed': onDomain((domain) => [{ ...domain, state: 'crashed' }]),
  'a VM is paused': onDomain((domain) => [{ ...domain, state: 'paused' }]),
  'a VM is stopped and undefined': onDomain(() => []),
  'ovs-vswitchd is started anew': (host) => ({
    links: [...host.links, ...madeAnew(host)],
    bridges: host.bridges.map((bridge) => ({ ...bridge, flows: [] })),
    switchRoutes: { ...host.switchRoutes, added: [] },
  }),
  'the host is started anew': (host) => {
    const back = host.links.find((link) => link.name === 'br-phy');
    return {
      bridges: host.bridges.map((bridge) => ({ ...bridge, flows: [] })),
      switchRoutes: { ...host.switchRoutes, added: [] },
      nftTables: host.nftTables.filter((table) => table !== 'vxmig_underlay'),
      namespaces: host.namespaces.filter(({ topology }) => topology !== OURS),
      domains: host.domains.map((domain) =>
        domain.owner?.topology === OURS ? { ...domain, state: 'shut off' } : domain,
      ),
      routes: host.routes.map((route) => (route.device === 'br-phy' ? { ...route, device: 'eth0' } : route)),
      links: host.links
        .filter((link) => link.alias !== `vxmig:${OURS}`)
        .map((link) => {
          if (link.name === 'br-phy') return { ...link, addresses: [], up: false };
          return link.name === 'eth0' && back !== undefined && back.addresses.length > 0
            ? { ...link, addresses: back.addresses }
            : link;
        }),
    };
  },
};

/** The userspace datapath does not find its ports' devices in namespaces again. */
function madeAnew(host: ObservedHost): ObservedLink[] {
  const ports = host.bridges.flatMap((bridge) => (bridge.datapathType === 'netdev' ? bridge.ports : []));
  return ports.flatMap(({ name, interface: { type } }) =>
    type === 'internal' && !host.links.some((link) => link.name === name)
      ? [{ name, mac: '02:00:00:00:00:88', mtu: 1500, up: false, kind: 'tun', alias: null, addresses: [] }]
      : [],
  );
}

function onDomain(change: (domain: ObservedHost['domains'][number]) => ObservedHost['domains']): Deed {
  return ({ domains }, which) => {
    const chosen = choose(
      domains.filter((domain) => domain.owner?.topology === OURS),
      which,
    );
    return { domains: domains.flatMap((domain) => (domain === chosen ? change(domain) : [domain])) };
  };
}

export interface Drift {
  readonly deed: string;
  readonly host: number;
  readonly which: number;
}

/** What people and accidents do to hosts, by name: a failure of the test prints it. */
export const drifts: fc.Arbitrary<readonly Drift[]> = fc.array(
  fc.record({ deed: fc.constantFrom(...Object.keys(deeds)), host: fc.nat(5), which: fc.nat(40) }),
  { maxLength: 6 },
);

export function drifted(hosts: readonly ObservedHost[], list: readonly Drift[]): ObservedHost[] {
  return list.reduce<ObservedHost[]>(
    (seen, { deed, host, which }) =>
      seen.map((one, index) =>
        index === host % seen.length ? renumbered({ ...one, ...(deeds[deed] as Deed)(one, which) }) : one,
      ),
    [...hosts],
  );
}

/** Open vSwitch gives a port the number that it asks for; of two that ask for the same one gets another (bridge.c). */
export function renumbered(host: ObservedHost): ObservedHost {
  return { ...host, bridges: host.bridges.map((bridge) => ({ ...bridge, ports: numbered(bridge.ports) })) };
}

function numbered(ports: readonly ObservedPort[]): ObservedPort[] {
  const taken = new Set<number>();
  const granted = ports.map(({ interface: { ofportRequest } }) => {
    if (ofportRequest === null || taken.has(ofportRequest)) return null;
    taken.add(ofportRequest);
    return ofportRequest;
  });
  return ports.map((port, index) => {
    let ofport = granted[index] ?? port.interface.ofport ?? 1;
    if (granted[index] === null) while (taken.has(ofport)) ofport += 1;
    taken.add(ofport);
    return { ...port, interface: { ...port.interface, ofport } };
  });
}
