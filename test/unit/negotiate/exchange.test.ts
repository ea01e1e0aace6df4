import t from 'tap';
import { answerConfiguration, answerRequest, begin } from '../../../lib/negotiate/exchange.js';
import { refusalError } from '../../../lib/negotiate/refusal-error.js';
import { standingRefusal } from '../../../lib/negotiate/standing.js';
import { offers, proposal, request } from './ends.js';

const STANDING = standingRefusal(
  { from: 'node-a' },
  { code: 'DISK_NOT_SHARED', feature: 'storage', why: 'vda is elsewhere', fix: 'Share it.' },
);

t.test('request, configuration, begin: who answers, in this order', async (t) => {
  const asked = request();
  const first = answerRequest(asked, offers(), []);
  const second = answerConfiguration(asked, offers(), proposal());
  t.same([first.refusals, second.refusals], [[], []]);
  t.same(
    [...first.steps, ...second.steps, begin(asked)].map(({ step, host, ok, why }) => [step, host, ok, why]),
    [
      ['request', 'node-a', true, ''],
      ['request', 'node-b', true, ''],
      ['configuration', 'node-a', true, ''],
      ['configuration', 'node-b', true, ''],
      ['begin', 'node-a', true, ''],
    ],
  );
});

t.test('the configuration says all that was agreed on', async (t) => {
  const { steps } = answerConfiguration(request(), offers({}, { datapath: 'netdev' }), proposal());
  t.same(steps[1]?.configuration, {
    strategy: 'pre-copy',
    transport: { address: '198.18.2.10', port: 49152 },
    machine: 'pc-i440fx-9.2',
    emulator: '/usr/bin/qemu-system-x86_64',
    acceleration: 'kvm',
    cpu: 'Skylake-Client +vmx',
    mtuBytes: 1500,
    datapath: { from: 'system', to: 'netdev' },
    memoryBytes: 2 ** 30,
    disks: [],
  });
});

t.test('each end refuses what is its own, and all of it is told at once', async (t) => {
  const { steps, refusals } = answerRequest(request(), offers({}, { hostUuid: 'uuid-of-node-a', kvm: false }), [
    STANDING,
  ]);
  t.match(steps, [
    {
      host: 'node-a',
      ok: false,
      why: 'storage: vda is elsewhere',
      reasons: [{ feature: 'storage', fix: 'Share it.' }],
    },
    { host: 'node-b', ok: false, reasons: [{ feature: 'acceleration' }, { feature: 'libvirt host UUID' }] },
  ]);
  t.match(refusalError(request(), [...refusals].reverse()), {
    code: 'DISK_NOT_SHARED',
    message: /^shop cannot move to node-b: storage: vda is elsewhere; libvirt host UUID: .*; acceleration: /,
    hint: /^Nothing has moved\. Share it\. On node-b/,
    where: 'node-a shop',
  });
});

t.test('a doubt is told by who agrees, and keeps nothing from going on', async (t) => {
  const { steps, refusals } = answerRequest(request(), offers({}, { qemuVersion: '9.2.4' }), []);
  t.same(refusals, []);
  t.match(steps, [
    { host: 'node-a', ok: true, why: '' },
    { host: 'node-b', ok: true, why: /^QEMU version: node-b has QEMU 9\.2\.4, which is older/, reasons: [] },
  ]);
});
