import t from 'tap';
import { desiredNetwork, incomingVm } from '../../../lib/plan/desired.js';
import type { ObservedDomain, ObservedHost } from '../../../lib/plan/observed.js';
import { planNetwork } from '../../../lib/plan/ovs-planner.js';
import { domainSeen } from './domains.js';
import { executed, hostPlan } from './executed.js';
import {
  after,
  appliedHosts,
  freshHosts,
  KERNEL,
  planned,
  summary,
  type TestPlan,
  topologyOf,
  withHost,
} from './hosts.js';

const TOPOLOGY = topologyOf();

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
  t.match(plan.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
  t.equal(plan.current.vms[0]?.host, 'host-a', 'until then it is where it runs');
});

t.test("what a migration has left at the new home is the VM's, and is not removed under it", async (t) => {
  const hosts = appliedHosts(TOPOLOGY).map((host) => {
    if (host.host !== 'host-b') return host;
    const incoming = [incomingVm(TOPOLOGY, 'web')];
    const desired = desiredNetwork(TOPOLOGY, 'host-b', { ...KERNEL, incoming });
    return executed(hostPlan(planNetwork('plans', desired, host)), host);
  });
  const removals = ({ hosts: plans }: TestPlan) => plans.flatMap(({ remove }) => [...remove.ovs, ...remove.commands]);
  const stays = planned(TOPOLOGY, hosts);
  t.strictSame(summary(stays), ['host-b tap delete', 'host-b tap-device delete', 'host-b flows update']);
  t.equal(removals(stays).length, 2, 'where the VM stays away they go');
  const moves = planned(topologyOf(['host: host-a', 'host: host-b']), hosts);
  t.match(moves.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
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
  t.match(plan.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
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
      t.match(elsewhere.migrations, [{ vm: 'web', from: 'host-a', to: 'host-b' }]);
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
