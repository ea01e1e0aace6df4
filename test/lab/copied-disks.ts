import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import type { Document, TestLab } from './harness.js';
import { legacyDomain } from './micro-domain.js';

export const MIB = 2 ** 20;

const disk = (type: string, path: string, target: string) =>
  `<disk type='file'><driver name='qemu' type='${type}'/><source file='${path}'/>` +
  `<target dev='${target}' bus='scsi'/></disk>`;
/** A raw disk, and one that lies on a base. */
const LEGACY = legacyDomain(disk('raw', '/srv/vms/a', 'sda') + disk('qcow2', '/srv/vms/b', 'sdb'));

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

const PATHS = ['/srv/vms/a', '/srv/vms/b'];
const DEVICES = ['scsi0-0-0-0', 'scsi0-0-0-1'];
/** So much of the memory has gone, of 160 MiB: each write goes to both ends by then, and the switch is seconds away. */
const FAR_ENOUGH_BYTES = 16 * MIB;

/**
 * Both disks are written to by the VM's QEMU, as if the guest did, while they are copied and when they are in sync;
 * then the new ones hold what was written. Not until the switch: what the monitor writes is not held back when the
 * guest stands still, and its QEMU would wait for itself.
 */
export async function movedWhileWritten(
  t: Test,
  lab: TestLab,
  from: string,
  to: string,
  how: 'all' | 'inc',
): Promise<Document> {
  const moved = lab.migrate('web', to, '--copy-storage', how, '--bandwidth', '8MiB');
  let isOver = false;
  const ended = moved.then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    isOver = true;
  });
  let count = 0;
  while (!isOver && (await sentBytes(lab, from)) < FAR_ENOUGH_BYTES) {
    for (const device of DEVICES)
      await write(lab, from, device, `-P ${(count % 255) + 1} ${(count % 60) * 64}k 64k`).catch(() => undefined);
    count += 1;
  }
  const document = await moved;
  isMigrated(t, document, { vm: 'web', from, to });
  t.ok(count > 3, `${count} writes to each disk while it was copied`);
  const [old, now] = await Promise.all(
    [from, to].map((host) => Promise.all(PATHS.map((path) => digestOf(lab, host, path)))),
  );
  t.same(now, old, 'both images are the same, byte for byte');
  return document;
}

async function sentBytes(lab: TestLab, host: string): Promise<number> {
  const text = await lab.on(host, 'virsh', 'domjobinfo', 'legacy', '--rawstats').catch(() => '');
  return Number(/^memory_processed: *(\d+)/m.exec(text)?.[1] ?? 0);
}

/** SHA-256 of both disks of `box`, which is there, as the guest sees them. */
export async function contents(lab: TestLab, host: string): Promise<string[]> {
  const paths = (await lab.shell(host, 'ls /srv/own/*.qcow2 /srv/own/*.raw')).trim().split('\n');
  if (paths.length !== 2) throw new Error(`${host} has ${paths.join(', ')}`);
  return await Promise.all(paths.map((path) => digestOf(lab, host, path)));
}

async function digestOf(lab: TestLab, host: string, path: string): Promise<string> {
  const raw = await lab.shell(
    host,
    `qemu-img convert -U -O raw '${path}' /tmp/digest.$$ && sha256sum </tmp/digest.$$; rm /tmp/digest.$$`,
  );
  return raw.split(' ')[0] ?? '';
}

export async function write(lab: TestLab, host: string, device: string, command: string, vm = 'web'): Promise<void> {
  const domain = vm === 'web' ? 'legacy' : vm;
  await lab.on(host, 'virsh', 'qemu-monitor-command', domain, '--hmp', `qemu-io -d ${device} "write ${command}"`);
}
