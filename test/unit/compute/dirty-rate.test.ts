import t from 'tap';
import { parseDirtyRate } from '../../../lib/compute/libvirt/dirty-rate.js';

const STATS = (status: number, rate = '  dirtyrate.megabytes_per_second=7\n') =>
  `Domain: 'web'\n  dirtyrate.calc_status=${status}\n  dirtyrate.calc_period=1\n${rate}`;

t.test('what a guest writes, where QEMU has measured it', async (t) => {
  t.equal(parseDirtyRate(STATS(2)), 7 * 1024 * 1024);
  t.equal(parseDirtyRate(STATS(2, '  dirtyrate.megabytes_per_second=0\n')), 0);
  t.equal(parseDirtyRate(STATS(1)), null, 'it is being measured');
  t.equal(parseDirtyRate(STATS(2, '')), null);
  t.equal(parseDirtyRate(''), null);
});
