import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Mesh } from '../../../lib/model/topology.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { withVmsAt } from '../../../lib/plan/plan.js';
import { drifted, drifts, renumbered } from './arbitrary-drift.js';
import { type Scene, scene } from './arbitrary-topology.js';
import { executed, executedMoves, planDestroy } from './executed.js';
import { beside, foreignIn } from './foreign.js';
import { after, planFor, type TestPlan } from './hosts.js';

const RUNS = 100;

/** A failure prints the seed, and the smallest counterexample. */
function holds<Drawn>(t: Test, property: fc.IProperty<Drawn>): void {
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS }));
}

function plannedFor({ topology, facts }: Scene, hosts: readonly ObservedHost[]): TestPlan {
  return planFor(topology, hosts, () => facts);
}

function applied(scene: Scene, hosts: readonly ObservedHost[]): ObservedHost[] {
  return after(plannedFor(scene, hosts), hosts).map(renumbered);
}

/** One line for each change, so that a counterexample can be read. */
function lines({ changes }: TestPlan): string[] {
  return changes.map(({ host, action, kind, name, why }) => `${host}: ${action} ${kind} ${name} (${why})`);
}

function same(found: unknown, wanted: unknown): void {
  const [is, ought] = [found, wanted].map((value) => JSON.stringify(value, jsonable, 1).split('\n'));
  const at = is?.findIndex((line, index) => line !== ought?.[index]) ?? -1;
  if (at < 0 && is?.length === ought?.length) return;
  const around = (lines: readonly string[] = []) => lines.slice(Math.max(0, at - 12), at + 12).join('\n');
  throw new Error(`found\n${around(is)}\nwanted\n${around(ought)}`);
}

function jsonable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  return value instanceof Map ? [...value] : value;
}

t.test('after apply there is nothing to do, whatever the topology', async (t) => {
  holds(
    t,
    fc.property(scene, (drawn) => {
      const plan = plannedFor(drawn, applied(drawn, drawn.fresh));
      same(lines(plan), []);
      for (const { prepare, ovs, settle, flows, domains, remove } of plan.hosts)
        same(
          [prepare, ovs, settle, flows, domains, remove.domains, remove.prepare, remove.ovs, remove.commands].flat(),
          [],
        );
    }),
  );
});

t.test('whatever has drifted, one apply fixes it, and what is not ours stays as it was', async (t) => {
  holds(
    t,
    fc.property(scene, drifts, (drawn, list) => {
      const before = drifted(applied(drawn, beside(drawn.fresh)), list);
      const fixed = applied(drawn, before);
      same(lines(plannedFor(drawn, fixed)), []);
      same(fixed.map(foreignIn), before.map(foreignIn));
    }),
  );
});

t.test('no plan contradicts itself: a thing is in it once', async (t) => {
  holds(
    t,
    fc.property(scene, drifts, (drawn, list) => {
      const plan = plannedFor(drawn, drifted(applied(drawn, drawn.fresh), list));
      const things = plan.changes.map(({ host, kind, name }) => `${host} ${kind} ${name}`);
      same(things, [...new Set(things)]);
      for (const { ovs, remove } of plan.hosts) {
        const added = ovs.flatMap((one) => (one.kind === 'add-port' || one.kind === 'set-port' ? [one.port] : []));
        same(added, [...new Set(added)]);
        const gone = remove.ovs.flatMap((one) => (one.kind === 'delete-port' ? [one.port] : []));
        same(
          gone.filter((port) => added.includes(port)),
          [],
        );
      }
    }),
  );
});

t.test('destroy gives back the hosts as they were, whatever has drifted', async (t) => {
  holds(
    t,
    fc.property(scene, drifts, (drawn, list) => {
      const fresh = beside(drawn.fresh);
      const hosts = drifted(applied(drawn, fresh), list);
      const left = hosts.map((host) => {
        const { remove } = planDestroy(drawn.topology.name, host);
        const nothing = { prepare: [], ovs: [], settle: [], flows: [], domains: [] };
        return executed({ host: host.host, changes: [], ...nothing, remove }, host);
      });
      same(left.map(whole), fresh.map(whole));
    }),
  );
});

t.test('a mesh that becomes another is so after one apply', async (t) => {
  const meshes = fc.array(fc.constantFrom<Mesh['kind']>('full', 'flow', 'hub'), { minLength: 3, maxLength: 3 });
  holds(
    t,
    fc.property(scene, meshes, (drawn, kinds) => {
      const hub = drawn.topology.hosts[0]?.name ?? '';
      const networks = drawn.topology.networks.map((network, index) => {
        const kind = kinds[index] ?? 'full';
        return { ...network, mesh: kind === 'hub' ? { kind, hub } : { kind } };
      });
      const changed = { ...drawn, topology: { ...drawn.topology, networks } };
      const hosts = applied(changed, applied(drawn, drawn.fresh));
      same(lines(plannedFor(changed, hosts)), []);
    }),
  );
});

t.test('VMs that move leave nothing behind, and find all they need', async (t) => {
  const places = fc.array(fc.nat(5), { minLength: 4, maxLength: 4 });
  holds(
    t,
    fc.property(scene, places, (drawn, to) => {
      const hosts = applied(drawn, drawn.fresh);
      const { topology } = drawn;
      const moved = {
        ...drawn,
        topology: withVmsAt(
          topology,
          topology.vms.map((vm, index) => [
            vm.name,
            topology.hosts[(to[index] ?? 0) % topology.hosts.length]?.name ?? '',
          ]),
        ),
      };
      const plan = plannedFor(moved, hosts);
      const arrived = executedMoves(plan, plan.moves, hosts);
      same(lines(plannedFor(moved, arrived)), []);
    }),
  );
});

/** All of a host but the order in which it lists things, and what a restart of it would change. */
function whole(host: ObservedHost): unknown {
  const byName = <T extends { readonly name: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { bridges, links, routes, namespaces, domains, nftTables, switchRoutes } = host;
  return {
    bridges: byName(bridges),
    links: byName(links).map((link) => ({ ...link, addresses: [...link.addresses].sort() })),
    routes: routes.map((route) => Object.values(route).join(' ')).sort(),
    namespaces: byName(namespaces),
    domains: byName(domains),
    nftTables,
    added: switchRoutes.added,
  };
}
