import t from 'tap';
import { clocksTogether, ownName } from '../../../lib/controller/identity-checks.js';
import type { Fitness } from '../../../lib/host/fitness.js';

t.test('a name of its own that leads to itself is advice for who migrates by hand', async (t) => {
  const own = (ownAddresses: string[]) =>
    ownName('own name', { hostName: 'node-a', ownAddresses } as unknown as Fitness);
  t.match(own(['127.0.1.1']), { ok: true, seen: 'node-a: 127.0.1.1', hint: /by hand/ });
  t.match(own(['198.18.1.10']), { ok: true, hint: '' });
  t.match(own(['127.0.1.1', '198.18.1.10']), { ok: true, hint: '' }, 'libvirt takes the one that can be reached');
  t.match(own([]), { ok: true, seen: 'node-a leads nowhere', hint: '' });
});

t.test('clocks are compared with each other, not with ours alone', async (t) => {
  const of = (...offsets: number[]) =>
    clocksTogether(new Map(offsets.map((offsetMs, index) => [`host-${index}`, { offsetMs, errorMs: 2 }])));
  t.match(of(-600, 600, 0), [{ ok: false, seen: 'host-1 is 1.2 s ahead of host-0', hint: /chrony/ }]);
  t.match(of(90_000, 90_300), [{ ok: true, hint: '' }], 'both far from ours, and together');
  t.match(of(0, 1_003), [{ ok: true }], 'no further apart than can be measured');
  t.same(of(5), []);
});
