import t from 'tap';
import { jobsFor, observeRoom } from '../../../lib/examiner/jobs.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE, sampleWith } from '../topology/sample.js';

const GIB = 2 ** 30;
const ofTopology = (text: string) => ({ kind: 'lab', topology: parseTopology(text, 'reference.yaml') }) as const;
const SMALL = ofTopology(SAMPLE);

t.test('what needs no lab: one for each CPU, as far as memory goes', async (t) => {
  t.equal(jobsFor({ kind: 'file' }, { availableBytes: 64 * GIB, cpus: 8 }), 8);
  t.equal(jobsFor({ kind: 'file' }, { availableBytes: GIB / 2, cpus: 8 }), 3);
});

t.test('labs: one for two CPUs, as far as memory goes', async (t) => {
  t.equal(jobsFor(SMALL, { availableBytes: 64 * GIB, cpus: 8 }), 4);
  t.equal(jobsFor(SMALL, { availableBytes: 64 * GIB, cpus: 3 }), 1);
  t.equal(jobsFor(SMALL, { availableBytes: 4 * GIB, cpus: 64 }), 3);
  const large = ofTopology(sampleWith('image: micro', 'image: micro\n    memory: 4GiB'));
  t.equal(jobsFor(large, { availableBytes: 64 * GIB, cpus: 64 }), 5, 'the largest VM is at two hosts while it moves');
});

t.test('at least one, and no more where nobody knows how large a lab is', async (t) => {
  t.equal(jobsFor(SMALL, { availableBytes: 0, cpus: 1 }), 1);
  t.equal(jobsFor({ kind: 'lab', topology: null }, { availableBytes: 64 * GIB, cpus: 64 }), 1);
});

t.test('this machine has memory and CPUs', async (t) => {
  const { availableBytes, cpus } = await observeRoom();
  t.ok(availableBytes > 2 ** 20 && cpus >= 1, `${availableBytes} bytes, ${cpus} CPUs`);
});
