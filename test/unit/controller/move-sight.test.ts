import t from 'tap';
import { lookAtMove } from '../../../lib/controller/move-sight.js';
import { CommandError } from '../../../lib/model/errors.js';
import { topologyOf } from '../plan/hosts.js';
import { DISK, eachItsOwn, type MovableVm, movable, OFFER, offerText, onOneServer } from './movable.js';
import { ScriptedShell } from './scripted-shell.js';

function hosts(given: MovableVm = {}, storage = onOneServer()) {
  const source = movable(new ScriptedShell('host-a'), given, storage);
  const destination = movable(new ScriptedShell('host-b'), given, storage);
  const topology = topologyOf();
  const [vm] = topology.vms;
  const [from, to] = topology.hosts;
  if (vm === undefined || from === undefined || to === undefined) throw new Error('too few');
  const look = async () => await lookAtMove({ topology, vm, from, to, source, destination });
  const why = async () => (await look())?.answer.refusals.map((refusal) => refusal.why);
  /** Files beside which something was written. */
  const written = () => source.ran(/ \.vxmig-/).flatMap((line) => line.match(/\d+:\d+ \S+/g) ?? []);
  return { source, destination, look, why, written };
}

t.test('a disk is proven by what one host writes beside it and the other reads there', async (t) => {
  const { look, written, source, destination } = hosts({ devices: DISK });
  const looked = await look();
  t.match(looked, { answer: { refusals: [] }, storage: { disks: [{ name: 'vda', by: 'token' }] } });
  t.match(looked?.move, { vm: 'web', shellDomain: 'web', from: 'host-a', to: 'host-b' });
  t.strictSame(written(), ['0:0 /srv']);
  t.strictSame(source.ran(/^sh -s -- \.vxmig/), []);
  t.equal(destination.ran(/^sh -s -- \.vxmig/).length, 1, 'it is the new host that reads it');
});

t.test('a disk of the same name, size and inode on storage of its own is another one', async (t) => {
  const { look } = hosts({ devices: DISK }, eachItsOwn());
  const why = /what host-a writes beside it, host-b does not see/;
  t.match(await look(), {
    storage: null,
    answer: { refusals: [{ code: 'DISK_NOT_SHARED', feature: 'storage', host: 'host-a', why }] },
  });
});

t.test('nothing is written beside what is only lent to the drive, or read at the start alone', async (t) => {
  const drive = `<disk type='file' device='cdrom'><source file='/iso/cd.iso'/><target dev='sda'/><readonly/></disk>`;
  const { look, written } = hosts({ devices: drive });
  await look();
  t.strictSame(written(), []);
  const base = DISK.replace("file='/srv/web.raw'/>", "file='/srv/web.raw'/><backingStore type='file'/>");
  const below = base
    .replace("<backingStore type='file'/>", '')
    .replace('<target', `<backingStore type='file'><source file='/srv/base.raw'/></backingStore><target`);
  const chain = hosts({ devices: below });
  await chain.look();
  t.equal(chain.written().length, 2, 'a disk, and what it lies on');
});

t.test('nothing is written beside what is no file at both ends', async (t) => {
  const block = 'path=/dev/sdb\nstat=5|77|0|0|0|0|block special file\nblock=1024|wwn-1\n';
  const devices = hosts({ devices: DISK });
  for (const shell of [devices.source, devices.destination])
    shell.on(/^sh -s -- 3 /, `=== host\nboot\n198.18.1.10\n=== item\n${block}=== end\n`);
  await devices.look();
  t.strictSame(devices.written(), []);
  const missing = hosts({ devices: DISK });
  const none = '=== host\nboot\n=== item\npath=/srv/web.raw\nmissing=No such file or directory\n=== end\n';
  missing.destination.on(/^sh -s -- 3 /, none);
  t.match(await missing.why(), [/is not there on host-b: No such file/]);
  t.strictSame(missing.written(), []);
});

t.test('servers are tried from the new host alone: the old one uses them already', async (t) => {
  const disk = `<disk type='network' device='disk'><driver name='qemu' cache='none'/>
    <source protocol='nbd' name='web'><host name='nbd.example' port='10809'/></source><target dev='vda'/></disk>`;
  const { look, source, destination } = hosts({ devices: disk });
  await look();
  t.match(source.ran(/^sh -s -- 3 /)[0], /nbd\.example 10809 {2}<<</);
  t.match(destination.ran(/^sh -s -- 3 /)[0], /nbd\.example 10809 connect <<</);
});

t.test('a domain that libvirt does not know is told as that, and nothing else is asked', async (t) => {
  const { look, source, destination } = hosts();
  const mark = '=== vxmig\n';
  source.on(/ snapshot-list /, mark.repeat(4));
  t.equal(await look(), null);
  t.strictSame([source.asked.length, destination.asked.length], [1, 0]);
});

t.test('what libvirt would refuse half-way is an obstacle before', async (t) => {
  t.strictSame(await hosts().why(), []);
  t.match(await hosts({ snapshots: 'before\n' }).why(), [/keeps a snapshot of web \(before\)/]);
  const busy = hosts({ devices: DISK });
  busy.source.on(/ blockjob /, '=== vxmig\nBlock Copy: [ 42.00 %]\n');
  t.match(await busy.why(), [/vda of web is being copied/]);
  t.strictSame(busy.destination.ran(/blockjob/), []);
  const twins = hosts();
  twins.destination.on(OFFER, offerText({ uuid: 'uuid-of-host-a' }));
  t.match(await twins.why(), [/the same host UUID uuid-of-host-a/]);
});

t.test('storage that stands still is named with the host; another failure is told as it is', async (t) => {
  for (const which of ['source', 'destination'] as const) {
    const stuck = hosts({ devices: DISK });
    const host = stuck[which];
    host.on(/^sh -s -- 3 /, new CommandError(host.name, ['sh'], null, 'no end within 30000 ms'));
    await t.rejects(stuck.look(), {
      code: 'HOST_UNFIT',
      where: host.name,
      message: `${host.name} did not come to an end of looking at /srv/web.raw`,
      hint: new RegExp(`Nothing has moved.*on ${host.name}`),
    });
    host.on(/^sh -s -- 3 /, { exitCode: 127, stderr: 'sh: not found' });
    await t.rejects(stuck.look(), { code: 'COMMAND_FAILED', where: host.name });
  }
});
