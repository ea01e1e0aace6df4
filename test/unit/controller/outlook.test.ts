import t from 'tap';
import { outlookOf, portSilenceOf } from '../../../lib/controller/outlook.js';
import { topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';
import { DISK, definition, eachItsOwn, type MovableVm, movable, OFFER, offerText, onOneServer } from './movable.js';

const TOPOLOGY = topologyOf();
const MIB = 2 ** 20;

function journey(given: MovableVm = {}, storage = onOneServer()) {
  const fleet = new Fleet(TOPOLOGY);
  const [vm] = TOPOLOGY.vms;
  const [from, to] = TOPOLOGY.hosts;
  if (vm === undefined || from === undefined || to === undefined) throw new Error('too few');
  const [source, destination] = [from, to].map(({ name }) => movable(fleet.shell(name), given, storage));
  if (source === undefined || destination === undefined) throw new Error('too few');
  const way = { vm, from, to };
  return {
    source,
    destination,
    outlook: async () => await outlookOf(fleet.controller, way),
    silence: async () => await portSilenceOf(fleet.controller, way),
  };
}

const FILTERED = { exitCode: 124 };
const CONNECT = / exec 3<>"\/dev\/tcp/;

t.test('a VM that nothing keeps: its storage is proven, and its size is the domain’s own', async (t) => {
  const { outlook, source } = journey({ devices: DISK, memoryKiB: 256 * 1024 });
  source.on(/ss -Hltn/, 'taken=49152\ntaken=49153\n');
  t.match(await outlook(), {
    storage: { disks: [{ name: 'vda', by: 'token' }] },
    obstacle: null,
    guestBytes: 256 * MIB,
    neededBytes: (256 + 64) * MIB,
  });
  t.match(source.ran(CONNECT)[0], / 198\.18\.2\.10 49153$/, 'the next port is tried, at the new host’s VTEP');
});

t.test('where the domain does not say how large it is, the file does', async (t) => {
  const [vm] = TOPOLOGY.vms;
  const { outlook } = journey({ memoryKiB: null });
  const bytes = vm?.memoryBytes ?? 0;
  t.match(await outlook(), { guestBytes: bytes, neededBytes: bytes + 64 * MIB });
});

t.test('a port that is closed keeps it, whatever is proven of its storage', async (t) => {
  const { outlook, silence, source } = journey({ devices: DISK });
  t.equal(await silence(), null);
  source.on(CONNECT, FILTERED);
  const found = await outlook();
  t.match(found?.storage, { disks: [{ name: 'vda' }] });
  t.match(found?.obstacle, {
    code: 'HOST_UNFIT',
    message: /^web cannot move to host-b: migration port: host-a does not get through to TCP port 49153 of host-b/,
    hint: /Nothing has moved.*49152 to 49215/,
  });
  t.match(await silence(), {
    code: 'HOST_UNFIT',
    where: 'host-b',
    message: /49153 of host-b/,
    hint: /firewall of host-b/,
  });
});

t.test('all that is in the way is one error; what is in the way of data comes first', async (t) => {
  const { outlook, source } = journey({ devices: DISK }, eachItsOwn());
  source.on(CONNECT, FILTERED);
  const found = await outlook();
  t.match(found?.obstacle, { code: 'DISK_NOT_SHARED', message: /vda of web.*; .*TCP port/, where: 'host-a web' });
  t.equal(found?.storage, null);
});

t.test('both ends say what they have, in one session each; the CPU is compared where it would go to', async (t) => {
  const { outlook, source, destination } = journey();
  destination.on(OFFER, offerText({ cpu: 'CPU described in /dev/stdin is incompatible with the CPU of the host' }));
  const found = await outlook();
  t.match(found?.answer.steps, [
    { step: 'request', host: 'host-a', ok: true },
    { step: 'request', host: 'host-b', ok: false, reasons: [{ feature: 'CPU' }] },
  ]);
  t.match(found?.obstacle, { code: 'HOST_UNFIT', message: /^web cannot move to host-b: CPU: web has/ });
  t.match(destination.ran(OFFER)[0], /<domain type="qemu"><name>web/);
  t.strictSame([source.ran(OFFER).length, destination.ran(OFFER).length], [1, 1]);
});

t.test('memory in huge pages is none of what has to be free', async (t) => {
  const pages = '<memoryBacking><hugepages/></memoryBacking>';
  const { outlook, source } = journey();
  const xml = definition({ memoryKiB: 256 * 1024 }).replace('<devices>', `${pages}<devices>`);
  source.on(/ snapshot-list /, `=== vxmig\n${xml}\n=== vxmig\n=== vxmig\n=== vxmig\n`);
  t.match(await outlook(), { neededBytes: 64 * MIB, request: { hugePages: [{ bytes: 256 * MIB }] } });
});

t.test('a domain that is not there has no outlook', async (t) => {
  const { outlook, source } = journey();
  source.on(/ snapshot-list /, '=== vxmig\n'.repeat(4));
  t.equal(await outlook(), null);
});
