import t from 'tap';
import { destroyVms } from '../../../lib/plan/destroy-plan.js';
import { removalOf } from '../../../lib/plan/domain-plan.js';
import { domainXml } from '../../../lib/plan/domain-xml.js';
import { undoVms } from '../../../lib/plan/undo-vms.js';
import { domainSeen } from './domains.js';
import { freshHost, topologyOf } from './hosts.js';

const topology = topologyOf(
  ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool}}\nnetworks:\n'],
  ['image: micro', 'image: debian'],
);
const [xml = ''] = topology.vms.map((vm) => domainXml(topology, vm, { type: 'qemu' }));
const web = domainSeen('web', xml, { owner: { topology: 'plans', vm: 'web', spec: 'x' } });
const kinds = (steps: readonly { readonly kind: string }[]) => steps.map(({ kind }) => kind);

t.test('a guest with disks shuts itself down before it goes; one that cannot, or has none, is ended', async (t) => {
  t.same(kinds(removalOf(web)), ['shutdown', 'undefine']);
  t.same(kinds(removalOf({ ...web, state: 'paused' })), ['stop', 'undefine']);
  t.same(kinds(removalOf({ ...web, state: 'shut off' })), ['undefine']);
  const [micro = ''] = topologyOf().vms.map((vm) => domainXml(topologyOf(), vm, { type: 'qemu' }));
  t.same(kinds(removalOf({ ...web, xml: micro })), ['stop', 'undefine']);
});

t.test('destroy waits for it; an apply that is undone does not, for its disks go with it', async (t) => {
  const before = freshHost('host-a', '198.18.1.10');
  const now = { ...before, domains: [web] };
  t.same(kinds(destroyVms('plans', now).remove), ['shutdown', 'undefine']);
  t.same(kinds(undoVms('plans', before, now).remove), ['stop', 'undefine']);
});
