import t from 'tap';
import type { Datapath, Network } from '../../../lib/model/topology.js';
import { normal } from '../../../lib/openflow/action.js';
import { match } from '../../../lib/openflow/match.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import { desiredHost, incomingVm } from '../../../lib/plan/desired.js';
import type { ObservedBridge, ObservedDomain, ObservedHost } from '../../../lib/plan/observed.js';
import { type Plan, planHost, planTopology } from '../../../lib/plan/plan.js';
import { domainSeen } from './domains.js';
import { executed } from './executed.js';
import { after, appliedHosts, freshHosts, KERNEL, planned, summary, topologyOf, USERSPACE, withHost } from './hosts.js';

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

t.test('a running VM whose definition has changed is defined anew, and not restarted', async (t) => {
  const bigger = topologyOf(['image: micro', 'image: micro\n    memory: 256MiB']);
  const plan = planned(bigger, appliedHosts(TOPOLOGY));
  t.strictSame(summary(plan), ['host-a vm update']);
  t.match(plan.changes[0]?.why, /in force from its next start/);
  t.strictSame(
    plan.hosts[0]?.domains.map(({ kind }) => kind),
    ['define'],
  );
});

t.test('a VM that the file puts elsewhere is migrated, and nothing else happens to it', async (t) => {
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  const plan = planned(moved, appliedHosts(TOPOLOGY));
  t.strictSame(summary(plan), ['host-a vm migrate']);
  t.strictSame(plan.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
  t.equal(plan.current.vms[0]?.host, 'host-a', 'until then it is where it runs');
});

t.test('planned for one host, it is what that host has of the whole plan', async (t) => {
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  for (const hosts of [freshHosts(moved), appliedHosts(TOPOLOGY)]) {
    const whole = planned(moved, hosts);
    for (const { name } of moved.hosts) {
      const own = planTopology(moved, hosts, () => KERNEL, name);
      const its = (changes: Plan['changes']) => changes.filter(({ host }) => host === name);
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

t.test("what a migration has left at the new home is the VM's, and is not removed under it", async (t) => {
  const hosts = appliedHosts(TOPOLOGY).map((host) => {
    if (host.host !== 'host-b') return host;
    return executed(
      planHost('plans', desiredHost(TOPOLOGY, 'host-b', { ...KERNEL, incoming: [incomingVm(TOPOLOGY, 'web')] }), host),
      host,
    );
  });
  const removals = ({ hosts: plans }: Plan) => plans.flatMap(({ remove }) => [...remove.ovs, ...remove.commands]);
  const stays = planned(TOPOLOGY, hosts);
  t.strictSame(summary(stays), ['host-b tap delete', 'host-b tap-device delete', 'host-b flows update']);
  t.equal(removals(stays).length, 2, 'where the VM stays away they go');
  const moves = planned(topologyOf(['host: host-a', 'host: host-b']), hosts);
  t.strictSame(moves.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
  t.strictSame(removals(moves), [], 'after the move the VM would be cut off by them');
  t.notOk(moves.changes.some(({ action }) => action === 'delete'));
});

t.test('a domain that somebody else has defined is not looked for at its new home before the move', async (t) => {
  const adopted = ['image: micro', 'domain: legacy'] as const;
  const there = topologyOf(adopted);
  const xml =
    "<domain type='qemu'><devices><interface type='user'><mac " +
    "address='52:54:00:09:00:01'/></interface></devices></domain>";
  const hosts = withHost(freshHosts(there), 'host-a', () => ({
    domains: [domainSeen('legacy', xml)],
  }));
  const plan = planned(topologyOf(adopted, ['host: host-a', 'host: host-b']), hosts);
  t.strictSame(plan.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
});

t.test('a stopped VM that the file puts elsewhere is started there, and its remains are removed', async (t) => {
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  const hosts = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ domains }) => ({
    domains: domains.map((domain) => ({ ...domain, state: 'shut off' })),
  }));
  const plan = planned(moved, hosts);
  t.strictSame(plan.migrations, []);
  t.ok(summary(plan).includes('host-b vm create'));
  t.strictSame(plan.hosts[0]?.remove.domains, [{ kind: 'undefine', domain: 'web' }]);
  t.strictSame(planned(moved, after(plan, hosts)).changes, []);
});

t.test('a VM that runs on two hosts stops everything', async (t) => {
  const hosts = appliedHosts(TOPOLOGY);
  const domains = hosts[0]?.domains ?? [];
  t.throws(
    () =>
      planned(
        TOPOLOGY,
        withHost(hosts, 'host-b', () => ({ domains })),
      ),
    {
      code: 'MIGRATION_FAILED',
      message: /web is on host-a \(running\) and host-b \(running\) at once/,
    },
  );
});

t.test(
  'a VM that a migration has left paused goes on, and is never stopped or started anew behind its back',
  async (t) => {
    for (const how of [{ arriving: true }, { pausedByMigration: true }]) {
      const paused = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ domains }) => ({
        domains: domains.map((domain) => ({ ...domain, state: 'paused', ...how })),
      }));
      const plan = planned(TOPOLOGY, paused);
      t.match(plan.hosts[0]?.domains, [{ kind: 'resume', domain: 'web' }], 'where it belongs it goes on');
      t.strictSame(plan.warnings, []);
      const elsewhere = planned(topologyOf(['host: host-a', 'host: host-b']), paused);
      t.match(elsewhere.hosts[0]?.domains, [{ kind: 'resume', domain: 'web' }], 'and elsewhere, before it is migrated');
      t.strictSame(elsewhere.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
    }
  },
);

t.test('a VM that somebody else has paused stays paused, and it is said', async (t) => {
  const paused = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ domains }) => ({
    domains: domains.map((domain) => ({ ...domain, state: 'paused', reason: 'user' })),
  }));
  const plan = planned(TOPOLOGY, paused);
  t.strictSame(plan.changes, []);
  t.strictSame(plan.hosts[0]?.domains, []);
  t.strictSame(plan.paused, [{ host: 'host-a', domain: 'web', reason: 'user' }]);
  t.strictSame(plan.warnings, [
    'web is paused on host-a (by its user), and is left so. `virsh resume --domain web` on host-a lets it go on.',
  ]);
  t.throws(() => planned(topologyOf(['host: host-a', 'host: host-b']), paused), {
    code: 'HOST_UNFIT',
    message: 'web is paused on host-a (by its user), and is not moved to host-b like that',
    hint: /virsh resume --domain web/,
  });
});

t.test(
  'a paused copy of a VM: one that has never run is removed, and where that cannot be told nothing is',
  async (t) => {
    const applied = appliedHosts(TOPOLOGY);
    const domain = applied[0]?.domains[0] as ObservedDomain;
    const onBoth = (a: Partial<ObservedDomain>, b: Partial<ObservedDomain>) =>
      withHost(
        withHost(applied, 'host-a', () => ({ domains: [{ ...domain, ...a }] })),
        'host-b',
        () => ({ domains: [{ ...domain, ...b }] }),
      );
    const running = { state: 'running', pausedByMigration: false };
    const paused = { state: 'paused', pausedByMigration: false };
    const migrating = { state: 'paused', pausedByMigration: true };
    for (const left of [paused, migrating]) {
      const hosts = onBoth(running, left);
      const plan = planned(TOPOLOGY, hosts);
      t.strictSame(plan.leftCopies, [{ domain: 'web', host: 'host-b', state: 'paused', keptAt: 'host-a' }]);
      t.match(plan.changes, [{ host: 'host-b', kind: 'vm', name: 'web', action: 'delete', why: /it is on host-a$/ }]);
      t.strictSame(
        plan.hosts.flatMap((host) => [...host.domains, ...host.remove.domains]),
        [],
        'and nothing else',
      );
    }
    const off = { state: 'shut off', pausedByMigration: false };
    const moved = topologyOf(['host: host-a', 'host: host-b']);
    for (const topology of [TOPOLOGY, moved]) {
      const { leftCopies, migrations } = planned(topology, onBoth(running, off));
      t.match(leftCopies, [{ host: 'host-b', state: 'shut off', keptAt: 'host-a' }], 'a definition is in the way');
      t.equal(migrations.length, topology === moved ? 1 : 0);
    }
    const whole = planned(TOPOLOGY, onBoth(migrating, paused));
    t.match(whole.leftCopies, [{ host: 'host-a', keptAt: 'host-b' }], 'what is paused for itself is whole');
    t.match(whole.migrations, [{ vm: 'web', from: 'host-b', to: 'host-a' }]);
    t.match(whole.hosts[1]?.domains, [{ kind: 'resume', domain: 'web' }]);
    const other = { ...running, state: 'other' };
    const unclear: (readonly [Partial<ObservedDomain>, Partial<ObservedDomain>])[] = [
      [running, running],
      [paused, paused],
      [migrating, migrating],
      [running, other],
      [running, { ...paused, xml: domain.xml.replace(/<name>/, '<uuid>of another one</uuid><name>') }],
    ];
    for (const [a, b] of unclear) {
      t.throws(() => planned(TOPOLOGY, onBoth(a, b)), {
        code: 'MIGRATION_FAILED',
        message: /web is on host-a \(.*\) and host-b \(.*\) at once/,
      });
    }
  },
);

t.test('another domain with the VM’s MAC where it is to run', async (t) => {
  const mac = TOPOLOGY.vms[0]?.nics[0]?.mac.toUpperCase();
  const xml = `<domain><devices><interface type='network'><mac address="${mac}"/></interface></devices></domain>`;
  const clone = domainSeen('clone', xml);
  const withClone = (hosts: readonly ObservedHost[], host: string, state: string) =>
    withHost(hosts, host, ({ domains }) => ({ domains: [...domains, { ...clone, state }] }));
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  const applied = appliedHosts(TOPOLOGY);
  t.throws(() => planned(moved, withClone(applied, 'host-b', 'paused')), { code: 'CLASH', where: 'host-b clone' });
  t.throws(() => planned(TOPOLOGY, withClone(freshHosts(TOPOLOGY), 'host-a', 'running')), { code: 'CLASH' });
  t.strictSame(planned(TOPOLOGY, withClone(applied, 'host-a', 'running')).changes, [], 'a VM that runs runs on');
  t.equal(planned(moved, withClone(applied, 'host-b', 'shut off')).migrations.length, 1, 'one that is off is no rival');
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

t.test('a VM on its way gets a tap at the destination, to which nothing is flooded yet', async (t) => {
  const [, b] = appliedHosts(TOPOLOGY);
  if (b === undefined) throw new Error('no host-b');
  const plan = planHost(
    TOPOLOGY.name,
    desiredHost(TOPOLOGY, 'host-b', { ...KERNEL, incoming: [incomingVm(TOPOLOGY, 'web')] }),
    b,
  );
  t.strictSame(
    plan.changes.map(({ kind, action }) => `${kind} ${action}`),
    ['tap create', 'tap-device create', 'flows update'],
  );
  t.strictSame(plan.domains, [], 'its definition comes with it');
  t.strictSame(
    [...new Set(plan.flows[0]?.diff.add.map(({ table }) => table))],
    [0, 10, 2, 4],
    'the port is classified and guarded, what is redirected goes to it; the lists of the flood table stay as they are',
  );
});

t.test('hub and spoke: the hub has a tunnel to everybody, a spoke one to the hub', async (t) => {
  const plan = planned(topologyOf(['mtu: 1450}', 'mtu: 1450, mesh: {hub: host-b}}']), freshHosts(TOPOLOGY));
  t.strictSame(
    summary(plan).filter((line) => line.includes('tunnel')),
    ['host-a', 'host-b', 'host-b', 'host-c'].map((host) => `${host} tunnel create`),
  );
});

t.test('a probe port is no larger than what a switch in userspace reads of it', async (t) => {
  const [blue] = TOPOLOGY.networks;
  const jumbo = { ...TOPOLOGY, networks: [{ ...blue, mtu: 8950 } as Network] };
  const mtus = (datapath: Datapath) =>
    desiredHost(jumbo, 'host-c', { ...KERNEL, datapath }).bridges.flatMap(({ mtu, ports }) => [
      mtu,
      ...ports.flatMap((port) => (port.kind === 'probe' ? [port.mtu] : [])),
    ]);
  t.same(mtus('system'), [8950, 8950]);
  t.same(mtus('netdev'), [8950, 1500]);
});
