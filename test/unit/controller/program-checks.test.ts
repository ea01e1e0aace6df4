import t from 'tap';
import {
  answers,
  carrierCheck,
  clockCheck,
  diskPrograms,
  fping,
  packetBuffer,
  qemu,
} from '../../../lib/controller/program-checks.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import type { Host } from '../../../lib/model/topology.js';

const HOST: Host = { name: 'host-a', underlay: 'left', addresses: ['198.18.1.10'], ssh: null, datapath: null };

t.test('a daemon that does not answer fails with what to do; one that does needs nothing', async (t) => {
  t.match(answers('x', '11.3.0', 'start it'), { ok: true, seen: '11.3.0', hint: '' });
  t.match(answers('x', '', 'start it'), { ok: false, seen: '', hint: 'start it' });
});

t.test('QEMU that may corrupt guests is advice, none at all is a failure', async (t) => {
  t.match(qemu('x', '10.0.2'), { ok: true, hint: '' });
  t.match(qemu('x', '9.2.0'), { ok: true, hint: /corrupted guests.*install qemu/ });
  t.match(qemu('x', ''), { ok: false, hint: /^install qemu/ });
});

t.test('fping tells each lost request from version 5 on', async (t) => {
  t.match(fping('x', '5.0'), { ok: true, hint: '' });
  t.match(fping('x', '4.9'), { ok: false, hint: 'apt-get install fping' });
  t.match(fping('x', ''), { ok: false });
});

t.test('a packet buffer that holds less than a tap does is advice, with the setting', async (t) => {
  t.match(packetBuffer('x', 2 ** 20), [{ ok: true, hint: '' }]);
  t.match(packetBuffer('x', 2 ** 20 - 1), [{ ok: true, hint: /sysctl -w net\.core\.rmem_default=1048576/ }]);
  t.strictSame(packetBuffer('x', null), [], 'what is not known is not told of');
});

t.test('a clock counts as wrong only where it surely is', async (t) => {
  for (const [offsetMs, errorMs, hint] of [
    [100, 0, /^$/],
    [102, 1, /chrony/],
    [-102, 1, /chrony/],
    [150, 60, /^$/],
  ] as const)
    t.match(clockCheck('x', { offsetMs, errorMs }), { ok: true, hint }, `${offsetMs} ± ${errorMs}`);
});

t.test('who has the tunnels’ packets in place of Open vSwitch is named', async (t) => {
  for (const encapsulation of ENCAPSULATIONS) {
    t.match(carrierCheck(HOST, { encapsulation, takenBy: '' }), { ok: true, seen: /is free/, hint: '' });
    const taken = carrierCheck(HOST, { encapsulation, takenBy: 'somebody' });
    t.match(taken, { ok: false, seen: 'somebody', hint: /^remove / });
    const kind = encapsulation.carrier.kind === 'udp' ? 'port' : 'protocol';
    t.equal(taken.name, `host-a: ${encapsulation.title} ${kind}`);
  }
});

t.test('a guest with disks needs what makes them, and what makes its medium', async (t) => {
  t.match(diskPrograms('x', ['qemu-img', 'xorriso']), { ok: true, hint: '' });
  t.match(diskPrograms('x', ['qemu-img']), { ok: false, seen: 'qemu-img', hint: 'apt-get install xorriso' });
  t.match(diskPrograms('x', []), { ok: false, hint: 'apt-get install qemu-utils xorriso' });
});
