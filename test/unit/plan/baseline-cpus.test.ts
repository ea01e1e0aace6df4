import t from 'tap';
import type { CommonCpu } from '../../../lib/model/cpu-baseline.js';
import { cpuElement } from '../../../lib/model/defined-cpu.js';
import { baselineCpus, cpuFix } from '../../../lib/plan/baseline-cpus.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { after, freshHosts, KERNEL, planned, summary, topologyOf } from './hosts.js';

const TOPOLOGY = topologyOf(['image: micro', 'image: micro\n    cpu: baseline']);
const known = (...disabled: string[]): CommonCpu => ({
  kind: 'known',
  cpu: cpuElement({ model: 'EPYC', required: ['vaes'], disabled }),
});
const UNKNOWN: CommonCpu = { kind: 'unknown', why: 'host-b does not tell what it can give (no QEMU)', fix: 'Mend it.' };

const planOn = (hosts: readonly ObservedHost[], common: CommonCpu, topology = TOPOLOGY) =>
  planned(topology, hosts, { ...KERNEL, ...baselineCpus(topology, hosts, common) });

function applied(common: CommonCpu): ObservedHost[] {
  const hosts = freshHosts(TOPOLOGY);
  return after(planOn(hosts, common), hosts);
}

/** As libvirt prints a definition: in lines, and with what it knows beside. */
const printed = (hosts: readonly ObservedHost[]) =>
  hosts.map((host) => ({
    ...host,
    domains: host.domains.map((domain) => ({ ...domain, xml: domain.xml.replaceAll('><', '>\n    <') })),
  }));

t.test('a VM is defined with what all hosts can give, and a second plan has nothing to do', async (t) => {
  const hosts = applied(known('avx2'));
  const [web] = hosts.flatMap(({ domains }) => domains);
  t.match(web?.xml, /<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>EPYC<.*name='avx2'\/>/);
  t.match(web?.xml, /<vxmig:vm [^>]* cpu='baseline'\/>/);
  t.strictSame(planOn(hosts, known('avx2')).changes, []);
  const moved = topologyOf(['image: micro', 'image: micro\n    cpu: baseline'], ['host: host-a', 'host: host-b']);
  t.equal(planOn(hosts, known('avx2'), moved).migrations.length, 1);
  t.strictSame(
    planOn(hosts, known('avx2'), moved).changes.filter(({ kind, action }) => kind === 'vm' && action === 'update'),
    [],
    'it is the same definition on the way',
  );
});

t.test('where the hosts can give something else it is a change that counts from the next start', async (t) => {
  const plan = planOn(applied(known('avx2')), known());
  t.match(plan.changes, [
    {
      kind: 'vm',
      action: 'update',
      why: 'its definition has changed (in force from its next start)',
      details: ['CPU EPYC: +avx2'],
    },
  ]);
  t.strictSame(
    plan.hosts.flatMap(({ domains }) => domains).map(({ kind }) => kind),
    ['define'],
  );
  const redefined = after(plan, applied(known('avx2')));
  t.strictSame(planOn(redefined, known()).changes, []);
});

t.test('while it is not known no VM is begun with another CPU: place, reason and fix', async (t) => {
  t.throws(() => baselineCpus(TOPOLOGY, freshHosts(TOPOLOGY), UNKNOWN), {
    code: 'HOST_UNFIT',
    where: 'vms.web.cpu',
    message:
      'web is to have the CPU that all hosts can give (`cpu: baseline`), and host-b does not tell what it can give ' +
      '(no QEMU)',
    hint: /^Nothing was changed\. Mend it\. Or name a CPU that each of them has: `cpu: qemu64`/,
  });
  const other = topologyOf();
  const hosts = after(planned(other, freshHosts(other)), freshHosts(other));
  t.throws(
    () => baselineCpus(TOPOLOGY, hosts, UNKNOWN),
    { code: 'HOST_UNFIT', where: 'vms.web.cpu' },
    'qemu64 is none',
  );
});

t.test('one that is defined keeps its own meanwhile, is told of, and can still be moved', async (t) => {
  const hosts = printed(applied(known('avx2')));
  const plan = planOn(hosts, UNKNOWN);
  t.strictSame(plan.changes, [], 'it is the same text as before');
  t.match(plan.warnings, [
    /^web keeps the CPU that all hosts could give when it was defined \(EPYC \+vaes\): .*host-b does not.* Mend it\.$/,
  ]);
  const bigger = topologyOf(['image: micro', 'image: micro\n    cpu: baseline\n    memory: 256MiB']);
  t.strictSame(summary(planOn(hosts, UNKNOWN, bigger)), ['host-a vm update'], 'also where the rest of it changes');
});

t.test('who says another CPU is asked nothing', async (t) => {
  t.same(baselineCpus(topologyOf(), [], UNKNOWN), { baselines: new Map(), remarks: [] });
});

t.test('how a VM gets it: by the file, or by its owner', async (t) => {
  const [web] = TOPOLOGY.vms;
  if (web === undefined) throw new Error('no VM');
  t.match(cpuFix(web, 'host-a'), /`cpu: baseline` for web in the file and `vxmig apply FILE`/);
  const foreign = { ...web, source: { kind: 'domain', domain: 'my shop' } } as const;
  t.match(cpuFix(foreign, 'host-a'), /`vxmig plan FILE`.*`virsh edit 'my shop'` on host-a/);
});
