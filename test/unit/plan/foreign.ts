import type { ObservedHost } from '../../../lib/plan/observed.js';
import { BY_FLOWS_ALONE } from '../../../lib/plan/switching.js';

const LINK = { mac: '02:00:00:00:00:77', mtu: 1500, up: true, addresses: [] };
const OTHERS = 'vxmig:other';

/** The same machines, on which other people have things of every kind; also vxmig's, for another topology. */
export function beside(hosts: readonly ObservedHost[]): ObservedHost[] {
  return hosts.map((host) => ({
    ...host,
    bridges: [
      ...host.bridges,
      bridge('br-int', {}),
      bridge('br-blue-other', { 'vxmig-topology': 'other', 'vxmig-kind': 'network', 'vxmig-network': 'net-0' }),
    ],
    links: [
      ...host.links,
      { ...LINK, name: 'br-int', kind: null, alias: null },
      { ...LINK, name: 'tap7', kind: 'tun', alias: null },
      { ...LINK, name: 'tap-web-other', kind: 'tun', alias: OTHERS },
    ],
    namespaces: [
      ...host.namespaces,
      { name: 'theirs', topology: null, links: [] },
      { name: 'pr-x', topology: 'other', links: [] },
    ],
    domains: [
      ...host.domains,
      { name: 'theirs', state: 'running', pausedByMigration: false, xml: '<domain/>', owner: null },
      {
        name: 'others',
        state: 'shut off',
        pausedByMigration: false,
        xml: '<domain/>',
        owner: { topology: 'other', vm: 'others', spec: 'x' },
      },
    ],
    nftTables: [...host.nftTables, 'theirs'],
  }));
}

function bridge(name: string, externalIds: Readonly<Record<string, string>>) {
  const port = {
    uuid: `${name}-port`,
    name: `${name}-port`,
    externalIds,
    interface: { uuid: 'i', type: 'vxlan', options: { key: '1' }, ofport: 1, ofportRequest: 1, error: null },
  };
  return {
    uuid: name,
    name,
    datapathType: '',
    failMode: null,
    externalIds,
    otherConfig: {},
    tableNames: {},
    mtuRequest: null,
    switching: BY_FLOWS_ALONE,
    ports: [port],
    flows: [],
  };
}

/** Of these, what is there now. */
export function foreignIn(host: ObservedHost): unknown {
  const [one] = beside([{ ...host, bridges: [], links: [], namespaces: [], domains: [], nftTables: [] }]);
  const among = <T extends { readonly name: string }>(now: readonly T[], theirs: readonly T[] = []) =>
    theirs.map(({ name }) => now.find((candidate) => candidate.name === name) ?? `${name} is gone`);
  return [
    among(host.bridges, one?.bridges),
    among(host.links, one?.links),
    among(host.namespaces, one?.namespaces),
    among(host.domains, one?.domains),
    host.nftTables.includes('theirs'),
  ];
}
