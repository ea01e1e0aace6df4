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

/** While both disks are written to by the VM's QEMU, as if the guest did; then they hold what was written. */
export async function movedWhileWritten(
  t: Test,
  lab: TestLab,
  from: string,
  to: string,
  how: 'all' | 'inc',
): Promise<Document> {
  const devices = ['scsi0-0-0-0', 'scsi0-0-0-1'];
  let isOver = false;
  const writing = (async () => {
    let written = 0;
    for (; !isOver; written += 1) {
      // A host that the VM has left knows it no more.
      for (const device of devices)
        await write(lab, from, device, `-P ${(written % 255) + 1} ${(written % 60) * 64}k 64k`).catch(() => undefined);
    }
    return written;
  })();
  const document = await lab.migrate('web', to, '--copy-storage', how, '--bandwidth', '16MiB');
  const [before, after] = [document.switchover.stoppedAt, await contents(lab, to, devices)];
  isOver = true;
  t.ok((await writing) > 3, 'it was written to meanwhile');
  isMigrated(t, document, { vm: 'web', from, to });
  t.ok(before !== null);
  // What the old host has is as it was when the VM went: its QEMU has ended.
  const old = await Promise.all(['/srv/vms/a', '/srv/vms/b'].map((path) => digestOf(lab, from, path)));
  t.same(after, old, 'both images are the same, byte for byte');
  return document;
}

/** As the guest sees them: SHA-256 of each disk of a VM that runs there. */
export async function contents(lab: TestLab, host: string, devices: readonly string[], vm = 'web'): Promise<string[]> {
  const paths =
    vm === 'web'
      ? ['/srv/vms/a', '/srv/vms/b']
      : (await lab.shell(host, 'ls /srv/own/*.qcow2 /srv/own/*.raw')).trim().split('\n');
  if (paths.length !== devices.length) throw new Error(`${host} has ${paths.join(', ')}`);
  return await Promise.all(paths.map((path) => digestOf(lab, host, path)));
}

async function digestOf(lab: TestLab, host: string, path: string): Promise<string> {
  const raw = await lab.shell(
    host,
    `qemu-img convert -U -O raw '${path}' /tmp/digest.$$ && sha256sum </tmp/digest.$$ && rm /tmp/digest.$$`,
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
