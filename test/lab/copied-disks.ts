import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import type { Document, TestLab } from './harness.js';

export const MIB = 2 ** 20;
const MAC = '52:54:00:09:00:01';
const OFF = "csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'";

/** Somebody's domain: a raw disk, and one that lies on a base. */
const LEGACY = `<domain type='qemu'>
  <name>legacy</name><uuid>6ba7b810-9dad-41d1-80b4-00c04fd430c8</uuid><memory unit='MiB'>160</memory><vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>/var/lib/vxmig/images/micro/vmlinuz</kernel>
    <initrd>/var/lib/vxmig/images/micro/initrd.img</initrd>
    <cmdline>console=ttyS0 vxmig.name=legacy vxmig.nic=${MAC},1450,10.9.0.1/24,fd00:9::1/64</cmdline>
  </os>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <devices>
    <controller type='scsi' model='virtio-scsi'/>
    <disk type='file'><driver name='qemu' type='raw'/><source file='/srv/vms/a'/><target dev='sda' bus='scsi'/></disk>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='/srv/vms/b'/><target dev='sdb' bus='scsi'/></disk>
    <interface type='user'>
      <mac address='${MAC}'/><model type='virtio'/>
      <driver name='qemu'><host ${OFF}/><guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver>
    </interface>
    <serial type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>`;

/** A base that compares unequal only in its middle, where no look at both of its ends would find it. */
export const BASE_BYTES = 80 * MIB;
export const MAKE = `
mkdir -p /srv/vms /srv/base
head -c ${4 * MIB} /dev/urandom >/srv/vms/a
head -c ${BASE_BYTES} /dev/zero >/srv/base/base
qemu-img create -q -f qcow2 -b /srv/base/base -F raw /srv/vms/b
cat >/tmp/legacy.xml <<'XML'
${LEGACY}
XML
virsh define --validate /tmp/legacy.xml
mkdir -p /srv/images
head -c ${4 * MIB} /dev/urandom >/srv/images/box
`;

/** Of what is written to the same places again and again; each so many KiB. */
const SLOTS = 60;
const SLOT_KIB = 64;
const PATTERNS = 255;

/** Written at that place of both disks when; by the machine's clock, which all hosts of a lab have. */
interface Written {
  readonly slot: number;
  readonly pattern: number;
  readonly endedAtMs: number;
}

/**
 * Both disks are written to by the VM's QEMU, as if the guest did, until the VM has gone; then the new ones hold what
 * was written. What the monitor writes when the guest stands still already no guest could have written: it may be there
 * or not.
 */
export async function movedWhileWritten(
  t: Test,
  lab: TestLab,
  from: string,
  to: string,
  how: 'all' | 'inc',
): Promise<Document> {
  const devices = ['scsi0-0-0-0', 'scsi0-0-0-1'];
  const written: Written[] = [];
  let isOver = false;
  const writing = (async () => {
    for (let count = 0; !isOver; count += 1) {
      const [slot, pattern] = [count % SLOTS, (count % PATTERNS) + 1];
      const command = `-P ${pattern} ${slot * SLOT_KIB}k ${SLOT_KIB}k`;
      // A host that the VM has left knows it no more.
      for (const device of devices) await write(lab, from, device, command).catch(() => undefined);
      written.push({ slot, pattern, endedAtMs: Date.now() });
    }
  })();
  const document = await lab.migrate('web', to, '--copy-storage', how, '--bandwidth', '8MiB');
  isOver = true;
  await writing;
  isMigrated(t, document, { vm: 'web', from, to });
  const stoppedAtMs = Date.parse(document.switchover.stoppedAt);
  const whileItRan = written.filter(({ endedAtMs }) => endedAtMs < stoppedAtMs);
  t.ok(whileItRan.length > 3, `${whileItRan.length} writes while it was copied`);
  for (const path of PATHS) {
    const seen = await patternsOf(lab, to, path);
    for (const slot of new Set(whileItRan.map((one) => one.slot))) {
      const allowed = written
        .filter((one) => one.slot === slot)
        .slice(whileItRan.filter((one) => one.slot === slot).length - 1);
      const found = seen[slot] ?? [];
      t.ok(
        allowed.some(({ pattern }) => found.every((byte) => byte === pattern)),
        `${path} at ${slot * SLOT_KIB} KiB: ${found} of ${allowed.map(({ pattern }) => pattern)}`,
      );
    }
    const [old, now] = [await digestOf(lab, from, path, SLOTS), await digestOf(lab, to, path, SLOTS)];
    t.equal(now, old, `${path}: what was not written to is the same, byte for byte`);
  }
  return document;
}

const PATHS = ['/srv/vms/a', '/srv/vms/b'];

/** The first and the last byte of each place. */
async function patternsOf(lab: TestLab, host: string, path: string): Promise<number[][]> {
  const text = await lab.shell(
    host,
    `qemu-img convert -U -O raw ${path} /tmp/seen
     slot=0
     while [ $slot -lt ${SLOTS} ]; do
       at=$((slot * ${SLOT_KIB} * 1024))
       echo $(od -An -tu1 -j $at -N 1 /tmp/seen; od -An -tu1 -j $((at + ${SLOT_KIB} * 1024 - 1)) -N 1 /tmp/seen)
       slot=$((slot + 1))
     done
     rm /tmp/seen`,
  );
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ').map(Number));
}

/** SHA-256 of both disks of `box`, which is there, as the guest sees them. */
export async function contents(lab: TestLab, host: string): Promise<string[]> {
  const paths = (await lab.shell(host, 'ls /srv/own/*.qcow2 /srv/own/*.raw')).trim().split('\n');
  if (paths.length !== 2) throw new Error(`${host} has ${paths.join(', ')}`);
  return await Promise.all(paths.map((path) => digestOf(lab, host, path)));
}

/** @param skipped so many places at its beginning are left out */
async function digestOf(lab: TestLab, host: string, path: string, skipped = 0): Promise<string> {
  const raw = await lab.shell(
    host,
    `qemu-img convert -U -O raw '${path}' /tmp/digest.$$
     tail -c +${skipped * SLOT_KIB * 1024 + 1} /tmp/digest.$$ | sha256sum
     rm /tmp/digest.$$`,
  );
  return raw.split(' ')[0] ?? '';
}

export async function write(lab: TestLab, host: string, device: string, command: string, vm = 'web'): Promise<void> {
  const domain = vm === 'web' ? 'legacy' : vm;
  await lab.on(host, 'virsh', 'qemu-monitor-command', domain, '--hmp', `qemu-io -d ${device} "write ${command}"`);
}

export async function homesOf(lab: TestLab): Promise<string[]> {
  const hosts = ['host-a', 'host-b'];
  const lists = await Promise.all(hosts.map((host) => lab.on(host, 'virsh', 'list', '--name')));
  return hosts.filter((_, index) => /^box$/m.test(lists[index] ?? ''));
}

export async function hasJob(lab: TestLab): Promise<boolean> {
  const [home = ''] = await homesOf(lab);
  return !/None/.test(await lab.on(home, 'virsh', 'domjobinfo', 'box'));
}
