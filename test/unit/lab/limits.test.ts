import t from 'tap';
import { limitsFor } from '../../../lib/lab/limits.js';

const GIB = 2 ** 30;

t.test(
  'all machines of a lab together have at most half of the memory in files, and none has more than 4 GiB',
  async (t) => {
    const of = (machines: number, gib: number) =>
      limitsFor(machines, { memoryBytes: gib * GIB, canBoundProcesses: true }).filesBytes;
    t.equal(of(3, 64), 4 * GIB);
    t.equal(of(4, 8), GIB);
    t.equal(of(65, 16), 126 * 2 ** 20);
    t.equal(of(65, 2), 64 * 2 ** 20, 'what each needs to start');
  },
);

t.test('processes are bounded where they can be', async (t) => {
  t.equal(limitsFor(3, { memoryBytes: GIB, canBoundProcesses: true }).processes, 2048);
  t.equal(limitsFor(3, { memoryBytes: GIB, canBoundProcesses: false }).processes, null);
});
