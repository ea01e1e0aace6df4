import t from 'tap';
import { planChecks } from '../../../lib/controller/plan-check.js';
import { type Fitness, observeFitness } from '../../../lib/host/fitness.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import { topologyOf } from '../plan/hosts.js';
import { fitHosts } from './fit-host.js';

const TOPOLOGY = topologyOf();
const QUESTION = { vms: true, encapsulations: [ENCAPSULATIONS[0]] };

async function asked(change: (name: string) => Partial<Fitness> = () => ({})) {
  const shells = fitHosts(TOPOLOGY);
  const fitness = new Map(
    await Promise.all(
      [...shells].map(
        async ([name, shell]) => [name, { ...(await observeFitness(shell, QUESTION)), ...change(name) }] as const,
      ),
    ),
  );
  return { shells, checks: async (topology = TOPOLOGY) => await planChecks(topology, shells, fitness) };
}

t.test('where a plan can be made it is told how much there is to do', async (t) => {
  const { checks } = await asked();
  t.match(await checks(), [
    { name: 'plan', ok: true, seen: /^nothing is in the way; \d\d changes to make$/, hint: '' },
  ]);
});

t.test('what apply would stop at is told before, in its own words', async (t) => {
  const { shells, checks } = await asked();
  shells.get('host-b')?.on(/section ssh/, '=== links\n[]\n=== routes4\n[]\n=== routes6\n[]\n=== switch\n3.1.0\n');
  t.match(await checks(), [{ name: 'plan', ok: false, seen: /host-b/, hint: /./ }]);
});

t.test('a bug is no check that failed', async (t) => {
  const { shells, checks } = await asked();
  shells.get('host-b')?.on(/section ssh/, new TypeError('a bug'));
  await t.rejects(checks(), { message: 'a bug' });
});

t.test('no plan is made where a host lacks what every plan reads: that has a check of its own', async (t) => {
  for (const lack of ['ovsdbVersion', 'vswitchdVersion', 'libvirtVersion'] as const) {
    const { checks } = await asked((name) => (name === 'host-b' ? { [lack]: '' } : {}));
    t.strictSame(await checks(), [], lack);
  }
  const { checks } = await asked(() => ({ libvirtVersion: '' }));
  t.match(await checks({ ...TOPOLOGY, vms: [], probes: [] }), [{ ok: true }], 'without VMs nobody needs libvirt');
});
