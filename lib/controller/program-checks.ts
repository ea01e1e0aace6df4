import type { Fitness } from '../host/fitness.js';
import type { Check } from '../model/check.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { carrierText } from '../model/encapsulation.js';
import { formatBytes, formatMs } from '../model/quantities.js';
import type { Host } from '../model/topology.js';

/**
 * For what a guest answers at once when it resumes: the 1,000 frames that its tap holds (lab/machine-settings.ts gives
 * a lab as much).
 */
const PACKET_BUFFER_BYTES = 2 ** 20;
/** Beyond this, times of different hosts can't be laid side by side without a doubt. */
const CLOCK_SKEW_MS = 100;
/** The first that tells each lost request. */
const LEAST_FPING_MAJOR = 5;
/** QEMU before 10 was seen to corrupt guests that migrate under load with TCG. */
const SAFE_QEMU_MAJOR = 10;

export function answers(name: string, version: string, hint: string): Check {
  return { name, ok: version !== '', expected: 'it answers', seen: version, hint: version === '' ? hint : '' };
}

export function qemu(name: string, version: string): Check {
  const old = version !== '' && Number(version.split('.')[0]) < SAFE_QEMU_MAJOR;
  const install = 'install qemu-system-x86 10 or newer (Debian 12: from bookworm-backports)';
  return {
    name,
    ok: version !== '',
    expected: `${SAFE_QEMU_MAJOR} or newer`,
    seen: version,
    hint: old
      ? `older QEMU corrupted guests that migrated under load with TCG: ${install}`
      : version === ''
        ? install
        : '',
  };
}

export function fping(name: string, version: string): Check {
  const ok = Number(version.split('.')[0]) >= LEAST_FPING_MAJOR;
  const expected = `${LEAST_FPING_MAJOR}.0 or newer, for verify and for probes`;
  return { name, ok, expected, seen: version, hint: ok ? '' : 'apt-get install fping' };
}

/** By which images and media are made; Debian's packages. */
const DISK_PROGRAMS = { 'qemu-img': 'qemu-utils', xorriso: 'xorriso' } as const;

/** What guests with disks need of every host that they may come to: each has their media. */
export function diskPrograms(name: string, there: readonly string[]): Check {
  const lacking = Object.entries(DISK_PROGRAMS).filter(([program]) => !there.includes(program));
  return {
    name,
    ok: lacking.length === 0,
    expected: Object.keys(DISK_PROGRAMS).join(' and '),
    seen: there.join(', '),
    hint: lacking.length === 0 ? '' : `apt-get install ${lacking.map(([, name]) => name).join(' ')}`,
  };
}

/** What guests whose disks are on an NFS server need of every host that they may come to. */
export function nfsDriver(name: string, isThere: boolean): Check {
  return {
    name,
    ok: isThere,
    expected: 'the module block-nfs, of the version of QEMU',
    seen: isThere ? 'it loads' : '',
    hint: isThere ? '' : 'apt-get install qemu-block-extra',
  };
}

/**
 * Open vSwitch in userspace reads its ports through packet sockets, and leaves their buffers at the kernel's default.
 */
export function packetBuffer(name: string, bytes: number | null): Check[] {
  if (bytes === null) return [];
  const setting = `net.core.rmem_default=${PACKET_BUFFER_BYTES}`;
  const fix = `\`sysctl -w ${setting}\`, and \`echo ${setting} >/etc/sysctl.d/90-vxmig.conf\` for the next boot`;
  const small = bytes < PACKET_BUFFER_BYTES;
  return [
    {
      name,
      ok: true,
      expected: `net.core.rmem_default of ${formatBytes(PACKET_BUFFER_BYTES)} or more`,
      seen: formatBytes(bytes),
      hint: small
        ? `a burst after a migration may lose frames: ${fix}; ports that are open keep what they have until ` +
          'ovs-vswitchd is started anew'
        : '',
    },
  ];
}

export function clockCheck(name: string, { offsetMs, errorMs }: ClockOffset): Check {
  const skewed = Math.abs(offsetMs) - errorMs > CLOCK_SKEW_MS;
  return {
    name,
    ok: true,
    expected: `within ${CLOCK_SKEW_MS} ms of this machine's`,
    seen: `${formatMs(offsetMs)} ahead of this machine's, ±${formatMs(errorMs)}`,
    hint: skewed
      ? 'vxmig reckons with the difference, but libvirt’s downtime figure does not: run chrony or systemd-timesyncd'
      : '',
  };
}

/** That Open vSwitch gets the packets of the tunnels. */
export function carrierCheck(host: Host, { encapsulation, takenBy }: Fitness['carriers'][number]): Check {
  const { title, carrier } = encapsulation;
  const what = carrierText(carrier);
  const rivals = carrier.kind === 'udp' ? `the ${title} device or the program` : 'the device';
  return {
    name: `${host.name}: ${title} ${carrier.kind === 'udp' ? 'port' : 'protocol'}`,
    ok: takenBy === '',
    expected: `${what} free, or held by Open vSwitch`,
    seen: takenBy || `${what} is free for Open vSwitch`,
    hint: takenBy === '' ? '' : `remove ${rivals} that has it`,
  };
}
