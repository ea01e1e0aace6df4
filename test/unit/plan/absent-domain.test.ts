import t from 'tap';
import type { Vm } from '../../../lib/model/topology.js';
import { absenceOf } from '../../../lib/plan/absent-domain.js';
import { sizeRemark } from '../../../lib/plan/domain-size.js';
import { USUAL_MIGRATION } from '../topology/sample.js';

const VM: Vm = {
  name: 'web',
  host: 'node-b',
  memoryBytes: 2 ** 27,
  vcpus: 1,
  source: { kind: 'domain', domain: 'shop' },
  disks: [],
  nics: [],
  acl: [],
  migration: USUAL_MIGRATION,
};
const HOSTS = ['node-a', 'node-b'];

t.test('a domain that is off elsewhere is not made a second time', async (t) => {
  const off = absenceOf(VM, [{ host: 'node-a', state: 'shut off' }], HOSTS);
  t.match(off, { code: 'HOST_UNFIT', message: 'shop is shut off on node-a, and the topology says node-b' });
  t.notMatch(off?.hint, /[Dd]efine it there/);
  t.match(off?.hint, /Say `host: node-a` and apply/);
  t.match(absenceOf(VM, [], HOSTS), {
    code: 'HOST_UNFIT',
    message: /node-b knows no domain shop; nor do node-a, node-b/,
  });
  t.equal(absenceOf(VM, [{ host: 'node-a', state: 'running' }], HOSTS), null, 'it is moved');
  t.equal(absenceOf(VM, [{ host: 'node-b', state: 'shut off' }], HOSTS), null, 'it is started');
});

t.test('what the file says beside `domain:` is not passed over in silence', async (t) => {
  const xml = "<domain><memory unit='MiB'>2048</memory><vcpu>2</vcpu></domain>";
  const says = (text: { memoryBytes?: number; vcpus?: number }): Vm => ({
    ...VM,
    source: { kind: 'domain', domain: 'shop', says: text },
  });
  t.equal(sizeRemark(VM, xml), null);
  t.equal(sizeRemark(says({ memoryBytes: 2 ** 31, vcpus: 2 }), xml), null);
  t.match(sizeRemark(says({ memoryBytes: 2 ** 30 }), xml), /`memory: 1 GiB`, and the domain has 2 GiB/);
  t.match(sizeRemark(says({ vcpus: 4 }), xml), /`vcpus: 4`, and the domain has 2/);
});
