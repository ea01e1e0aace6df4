import t from 'tap';
import { normal } from '../../../lib/openflow/action.js';
import { match } from '../../../lib/openflow/match.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import type { ObservedBridge, ObservedHost } from '../../../lib/plan/observed.js';
import { domainSeen } from './domains.js';
import {
  after,
  appliedHosts,
  freshHosts,
  KERNEL,
  planFor,
  planned,
  summary,
  type TestPlan,
  topologyOf,
  USERSPACE,
  withHost,
} from './hosts.js';

const TOPOLOGY = topologyOf();

/** The host's bridge for the overlay network, changed. */
function withBridge(
  host: ObservedHost,
  change: (bridge: ObservedBridge) => Partial<ObservedBridge>,
): Partial<ObservedHost> {
  return {
    bridges: host.bridges.map((bridge) =>
      bridge.name.startsWith('br-blue') ? { ...bridge, ...change(bridge) } : bridge,
    ),
  };
}

function isTap(name: string): boolean {
  return name.startsWith('tap-');
}

t.test('from nothing: everything is created, in an order that works', async (t) => {
  const plan = planned(TOPOLOGY, freshHosts(TOPOLOGY));
  t.strictSame(summary(plan), [
    ...['bridge', 'tunnel', 'tunnel', 'tap', 'tap-device', 'flows', 'vm'].map((kind) => `host-a ${kind} create`),
    ...['bridge', 'tunnel', 'tunnel', 'flows'].map((kind) => `host-b ${kind} create`),
    ...['bridge', 'tunnel', 'tunnel', 'probe', 'probe-namespace', 'flows'].map((kind) => `host-c ${kind} create`),
  ]);
  t.ok(
    plan.changes.every(({ why }) => why !== ''),
    'each with its reason',
  );
  const [a] = plan.hosts;
  t.match(a?.prepare[0]?.argv, ['ip', 'tuntap', 'add'], 'the tap is there before OVS takes it');
  t.strictSame(
    a?.domains.map(({ kind }) => kind),
    ['define', 'start'],
  );
  t.strictSame(plan.migrations, []);
});

for (const [name, facts] of Object.entries({ KERNEL, USERSPACE })) {
  t.test(`a second plan finds nothing to do (${name.toLowerCase()} datapath)`, async (t) => {
    const plan = planned(TOPOLOGY, appliedHosts(TOPOLOGY, facts), facts);
    t.strictSame(plan.changes, []);
    for (const host of plan.hosts) {
      const { prepare, ovs, settle, flows, domains, remove } = host;
      t.strictSame(
        [prepare, ovs, settle, flows, domains, remove.domains, remove.prepare, remove.ovs, remove.commands].flat(),
        [],
      );
    }
  });
}

t.test('what was learned from frames is left alone', async (t) => {
  const learned = {
    table: 50,
    cookie: cookieOf('learned'),
    priority: 1,
    match: match({ eth_dst: '52:54:00:09:00:01' }),
    actions: [],
  };
  const hosts = withHost(appliedHosts(TOPOLOGY), 'host-a', (host) =>
    withBridge(host, ({ flows }) => ({ flows: [...flows, learned] })),
  );
  t.strictSame(planned(TOPOLOGY, hosts).changes, []);
});

t.test('drift is found, told with what is there, and fixed', async (t) => {
  const cases: Record<
    string,
    { host: string; drift: (host: ObservedHost) => Partial<ObservedHost>; changes: string[]; why: RegExp }
  > = {
    "a tunnel's remote address": {
      host: 'host-a',
      drift: (host) =>
        withBridge(host, ({ ports }) => ({
          ports: ports.map((port) =>
            port.name.startsWith('vx-hostb')
              ? {
                  ...port,
                  interface: { ...port.interface, options: { ...port.interface.options, remote_ip: '198.18.2.99' } },
                }
              : port,
          ),
        })),
      changes: ['host-a tunnel update'],
      why: /options is .*remote_ip=198\.18\.2\.99, not .*remote_ip=198\.18\.2\.10/,
    },
    'a flow that somebody has added': {
      host: 'host-b',
      drift: (host) =>
        withBridge(host, ({ flows }) => ({
          flows: [...flows, { table: 0, cookie: 0n, priority: 1, match: match({}), actions: [normal] }],
        })),
      changes: ['host-b flows update'],
      why: /1 that do not belong there/,
    },
    'a flow that is gone': {
      host: 'host-b',
      drift: (host) => withBridge(host, ({ flows }) => ({ flows: flows.slice(1) })),
      changes: ['host-b flows update'],
      why: /1 missing or different/,
    },
    'fail mode': {
      host: 'host-b',
      drift: (host) => withBridge(host, () => ({ failMode: null })),
      changes: ['host-b bridge update'],
      why: /failMode is unset, not secure/,
    },
    'a tap that is down, with another MTU': {
      host: 'host-a',
      drift: ({ links }) => ({
        links: links.map((link) => (isTap(link.name) ? { ...link, up: false, mtu: 1500 } : link)),
      }),
      changes: ['host-a tap-device update'],
      why: /its MTU is 1500, not 1450; it is down/,
    },
    'a tap that is gone': {
      host: 'host-a',
      drift: ({ links }) => ({ links: links.filter((link) => !isTap(link.name)) }),
      changes: ['host-a tap-device create'],
      why: /VM web needs a tap device here/,
    },
    'a tap that was renamed': {
      host: 'host-a',
      drift: ({ links }) => ({
        links: links.map((link) => (isTap(link.name) ? { ...link, name: 'mytap' } : link)),
      }),
      changes: ['host-a tap-device update'],
      why: /it was renamed to mytap/,
    },
    'a VM that is shut off': {
      host: 'host-a',
      drift: ({ domains }) => ({ domains: domains.map((domain) => ({ ...domain, state: 'shut off' })) }),
      changes: ['host-a vm update'],
      why: /it is shut off/,
    },
    'a probe address that is gone': {
      host: 'host-c',
      drift: ({ namespaces }) => ({
        namespaces: namespaces.map((namespace) => ({
          ...namespace,
          links: namespace.links.map((link) => ({ ...link, addresses: link.addresses.slice(1) })),
        })),
      }),
      changes: ['host-c probe-namespace update'],
      why: /it lacks the address 10\.9\.0\.252\/24/,
    },
  };
  for (const [name, { host, drift, changes, why }] of Object.entries(cases)) {
    const drifted = withHost(appliedHosts(TOPOLOGY), host, drift);
    const plan = planned(TOPOLOGY, drifted);
    t.strictSame(summary(plan), changes, name);
    t.match(plan.changes[0]?.why, why, name);
    t.strictSame(planned(TOPOLOGY, after(plan, drifted)).changes, [], `${name}: fixed`);
  }
});

t.test('planned for one host, it is what that host has of the whole plan', async (t) => {
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  for (const hosts of [freshHosts(moved), appliedHosts(TOPOLOGY)]) {
    const whole = planned(moved, hosts);
    for (const { name } of moved.hosts) {
      const own = planFor(moved, hosts, () => KERNEL, name);
      const its = (changes: TestPlan['changes']) => changes.filter(({ host }) => host === name);
      t.strictSame(
        own.hosts,
        whole.hosts.filter(({ host }) => host === name),
        name,
      );
      t.strictSame(its(own.changes), its(whole.changes), name);
      t.strictSame(
        [own.current, own.migrations],
        [whole.current, whole.migrations],
        'where the VMs are is told by all',
      );
    }
  }
});

t.test('what is not ours is never touched', async (t) => {
  const applied = appliedHosts(TOPOLOGY);
  const foreign: Record<string, readonly ObservedHost[]> = {
    bridge: withHost(applied, 'host-a', (host) =>
      withBridge(host, () => ({ externalIds: { 'vxmig-topology': 'other' } })),
    ),
    port: withHost(applied, 'host-a', (host) =>
      withBridge(host, ({ ports }) => ({ ports: ports.map((port) => ({ ...port, externalIds: {} })) })),
    ),
    'tap device': withHost(applied, 'host-a', ({ links }) => ({
      links: links.map((link) => ({ ...link, alias: null })),
    })),
    domain: withHost(applied, 'host-a', ({ domains }) => ({
      domains: domains.map((domain) => ({ ...domain, owner: null })),
    })),
  };
  for (const [what, hosts] of Object.entries(foreign))
    t.throws(() => planned(TOPOLOGY, hosts), { code: 'CLASH', where: /^host-a / }, what);
  const bystander = { ...(applied[0]?.bridges[0] as ObservedBridge), name: 'br-int', uuid: 'theirs', externalIds: {} };
  const beside = withHost(applied, 'host-a', (host) => ({
    bridges: [...host.bridges, bystander],
    domains: [...host.domains, domainSeen('theirs', '<domain/>')],
    namespaces: [{ name: 'theirs', topology: null, links: [] }],
  }));
  t.strictSame(planned(TOPOLOGY, beside).changes, []);
});

t.test('what the file no longer names is removed, after everything else', async (t) => {
  const emptied = { ...TOPOLOGY, networks: [], vms: [], probes: [] };
  const hosts = appliedHosts(TOPOLOGY);
  const plan = planned(emptied, hosts);
  t.ok(plan.changes.every(({ action }) => action === 'delete'));
  for (const host of plan.hosts) t.strictSame([...host.prepare, ...host.ovs, ...host.settle, ...host.domains], []);
  const left = after(plan, hosts);
  t.strictSame(
    left.map(({ bridges, links, namespaces, domains }) => [
      bridges.length,
      links.map(({ name }) => name),
      namespaces,
      domains,
    ]),
    hosts.map(() => [0, ['mgmt', 'eth0'], [], []]),
  );
});
