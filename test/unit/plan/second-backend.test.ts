import t from 'tap';
import { bridgeName } from '../../../lib/model/names.js';
import type { ScopePlan } from '../../../lib/model/scope-plan.js';
import type { NetworkPlanner, WantedNetwork } from '../../../lib/plan/network-planner.js';
import { planTopology } from '../../../lib/plan/plan.js';
import { freshHosts, topologyOf } from './hosts.js';

/** One database for all hosts, as OVN has it, and beside it one scope for each host's own agent. */
interface Northbound extends ScopePlan {
  readonly backend: 'northbound';
  readonly rows: readonly string[];
}

class NorthboundPlanner implements NetworkPlanner<Northbound> {
  plan({ now, later }: WantedNetwork, hosts: readonly { readonly host: string }[]): Northbound[] {
    const rows = [...new Set([...now.networks, ...later.networks].map(({ name }) => `Logical_Switch ${name}`))];
    const why = 'it is not there';
    const central = rows.map((name) => ({ host: 'northbound', kind: 'row', name, action: 'create', why }) as const);
    const agent = (host: string) => ({ host, kind: 'agent', name: 'controller', action: 'update', why }) as const;
    return [
      { backend: 'northbound', host: null, rows, changes: central },
      ...hosts.map(({ host }) => ({ backend: 'northbound', host, rows: [], changes: [agent(host)] }) as const),
    ];
  }

  warnings(): string[] {
    return ['the database is one'];
  }
}

t.test('a backend with one central database is planned with as one of hosts is', async (t) => {
  const topology = topologyOf();
  const hosts = freshHosts(topology);
  const planners = { network: new NorthboundPlanner(), vms: { accelerator: { type: 'qemu' } } as const };
  const plan = planTopology(topology, hosts, planners);
  t.strictSame(
    plan.scopes.map(({ host }) => host),
    [null, 'host-a', 'host-b', 'host-c'],
  );
  const order = plan.changes.map(({ host, kind, name }) => `${host} ${kind} ${name}`);
  t.equal(order[0], 'northbound row Logical_Switch blue', 'what is shared goes first');
  t.ok(
    order.indexOf('host-a agent controller') < order.findIndex((one) => one.startsWith('host-a vm ')),
    `a host’s network goes before its VMs: ${order.join(', ')}`,
  );
  t.ok(plan.warnings.includes('the database is one'));
  t.notOk(order.join().includes(bridgeName('plans', 'blue')), 'nothing of Open vSwitch is in it');
});
