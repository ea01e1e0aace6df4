import { change } from './change.js';
import { refuseCuts } from './cut-off.js';
import { removalOf } from './domain-plan.js';
import { planGivingBack } from './give-back.js';
import type { OvsScope, VmPlan } from './host-plan.js';
import { isBarrierOf, liftBarrier } from './kernel-barrier.js';
import { deleteLink } from './link-plan.js';
import type { ObservedHost, ObservedNetwork } from './observed.js';
import { linkAlias, OWNER_KEY, ownedBy, underlayUserKey } from './ownership.js';
import { releaseUnderlay } from './underlay-plan.js';

const WHY = 'the topology is being destroyed';

/**
 * The VMs that have to go so that nothing of a topology is left on a host. Only what carries the topology's mark is in
 * it.
 */
export function destroyVms(topology: string, observed: ObservedHost): VmPlan {
  const domains = observed.domains.filter((domain) => domain.owner?.topology === topology);
  const givenBack = observed.domains.map((domain) => planGivingBack(topology, observed, domain, WHY));
  return {
    host: observed.host,
    changes: [
      ...domains.map(({ name }) => change(observed.host, 'vm', name, 'delete', WHY)),
      ...givenBack.flatMap(({ changes }) => changes),
      ...Object.keys(observed.seeds).map((path) => change(observed.host, 'seed', path, 'delete', WHY)),
    ],
    uploads: [],
    volumes: [],
    seeds: [],
    keepVolumes: [],
    removeVolumes: [],
    steps: [],
    remove: [...domains.flatMap(removalOf), ...givenBack.flatMap(({ steps }) => steps)],
    removeSeeds: Object.keys(observed.seeds),
  };
}

/** The same of its network. */
export function destroyNetwork(topology: string, observed: ObservedNetwork): OvsScope {
  const gone = (kind: string, name: string) => change(observed.host, kind, name, 'delete', WHY);
  const bridges = observed.bridges.filter((bridge) => ownedBy(topology, bridge.externalIds));
  const taps = observed.links.filter((link) => link.alias === linkAlias(topology) && link.kind === 'tun');
  const namespaces = observed.namespaces.filter((namespace) => namespace.topology === topology);
  const barriers = observed.nftTables.filter((table) => isBarrierOf(topology, table));
  const underlay = releaseUnderlay(topology, observed);
  return {
    backend: 'ovs',
    host: observed.host,
    changes: [
      ...bridges.map(({ name }) => gone('bridge', name)),
      ...taps.map(({ name }) => gone('tap-device', name)),
      ...barriers.map((name) => gone('tap-barrier', name)),
      ...namespaces.map(({ name }) => gone('probe-namespace', name)),
      ...(underlay.change === null ? [] : [underlay.change]),
    ],
    prepare: [],
    ovs: [],
    settle: [],
    flows: [],
    remove: {
      prepare: underlay.prepare,
      ovs: [
        ...bridges.map(({ name, uuid }) => ({ kind: 'delete-bridge', bridge: name, uuid }) as const),
        ...underlay.ovs,
      ],
      commands: [
        ...taps.map(({ name }) => deleteLink(name)),
        ...barriers.map(liftBarrier),
        ...namespaces.map(({ name }) => ({ argv: ['ip', 'netns', 'delete', name] })),
      ],
    },
  };
}

/** @throws VxmigError CLASH where a domain that somebody else has made would lose its network while it is on */
export function refuseDestruction(topology: string, observed: ObservedHost): void {
  const taps = observed.links.filter((link) => link.alias === linkAlias(topology) && link.kind === 'tun');
  refuseCuts(topology, observed, new Set(taps.map(({ name }) => name)));
}

/** The topologies whose mark something on a host carries. */
export function namesOn({ bridges, links, domains, namespaces }: ObservedHost): string[] {
  const after = (prefix: string, text: string) => (text.startsWith(prefix) ? [text.slice(prefix.length)] : []);
  return [
    ...bridges.flatMap(({ externalIds }) => externalIds[OWNER_KEY] ?? []),
    ...bridges.flatMap(({ externalIds }) => Object.keys(externalIds).flatMap((key) => after(underlayUserKey(''), key))),
    ...links.flatMap(({ alias }) => after(linkAlias(''), alias ?? '')),
    ...domains.flatMap(({ owner, adopted }) => owner?.topology ?? adopted?.topology ?? []),
    ...namespaces.flatMap(({ topology }) => topology ?? []),
  ];
}
