import t from 'tap';
import { pauseLimitMs } from '../../../lib/migration/pause-limit.js';
import { armingLimitMs, holdMs } from '../../../lib/migration/redirects.js';
import { stopNow, stopWhenItFits } from '../../../lib/strategies/strategy.js';

const MIB = 1024 * 1024;

t.test(
  'a pause that was foretold is given its time: it is not called off after 5 s, and frames wait for it',
  async (t) => {
    const all = { memoryBytes: 512 * MIB, bytesPerSecond: 32 * MIB };
    const long = stopNow(all, { leavesBytes: 256 * MIB, why: '' });
    t.match(long, { expectedMs: 8_000, atMostMs: 16_000 });
    t.equal(pauseLimitMs(long), 48_000);
    t.ok(holdMs(long) > 16_000, 'no frame is dropped before');
    t.equal(armingLimitMs(long), 1_000);
    t.ok(long.downtimeMs > (1000 * 512 * MIB) / MIB, 'QEMU thinks it possible even at the speed of a held copy');
  },
);

t.test('others are given up after 5 s, as before', async (t) => {
  const short = stopWhenItFits({ iteration: 2, ms: 100, allowedDowntimeMs: 300 });
  if (short.kind !== 'stop') return t.fail('it fits');
  t.equal(pauseLimitMs(short), 5_000);
  t.equal(holdMs(short), 2_000);
  t.equal(armingLimitMs(short), 300);
});
