import t from 'tap';
import { oversize } from '../../../lib/grade/oversize.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE } from '../topology/sample.js';

const SMALL = parseTopology(SAMPLE, 'sample.yaml');

t.test('a submission may be twice as large as the reference', async (t) => {
  t.equal(oversize(SMALL, SMALL), null);
  const large = { ...SMALL, vms: SMALL.vms.map((vm) => ({ ...vm, memoryBytes: vm.memoryBytes * 3 })) };
  t.match(oversize(large, SMALL), /too large to be built: .* MiB where .* MiB are the most/);
  t.equal(oversize(SMALL, large), null);
});

t.test('without a reference there is a usual size', async (t) => {
  t.equal(oversize(SMALL, null), null);
  const [host] = SMALL.hosts;
  if (host === undefined) return t.fail('the sample has hosts');
  const many = Array.from({ length: 9 }, (_, index) => ({ ...host, name: `host-${index}` }));
  t.match(oversize({ ...SMALL, hosts: many }, null), /9 hosts where 8 hosts are the most/);
});
