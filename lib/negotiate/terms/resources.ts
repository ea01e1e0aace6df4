import { formatBytes, formatMs } from '../../model/quantities.js';
import type { Proposal } from '../configuration.js';
import type { Term } from '../term.js';

export const MEMORY: Term<Proposal> = {
  feature: 'memory',
  rule: 'The destination has that much memory available beyond what VMs that come at the same time were promised.',
  judge: ({ vm, to, memory }, { destination }) => {
    const { neededBytes, guestBytes, promisedBytes } = memory;
    const freeBytes = destination.availableMemoryBytes;
    if (freeBytes - promisedBytes >= neededBytes) return [];
    const promised =
      promisedBytes === 0 ? '' : `, of which ${formatBytes(promisedBytes)} are for VMs that come at the same time`;
    const [needs, guest] = [formatBytes(neededBytes), formatBytes(guestBytes)];
    const has = `${formatBytes(freeBytes)}${promised}`;
    return [
      {
        host: to,
        wanted: needs,
        has,
        why:
          `${to} has ${formatBytes(freeBytes)} of memory free${promised}, and ${vm} needs ${needs} ` +
          `(${guest}, and what QEMU takes for itself)`,
        fix:
          promisedBytes === 0
            ? 'Free memory there, or choose another host.'
            : 'Move one after the other (`--parallel 1`), free memory there, or choose another host.',
      },
    ];
  },
};

export const HUGE_PAGES: Term = {
  feature: 'huge pages',
  rule:
    'A VM whose memory, or a part of it, lies in huge pages finds as many free ones of each of those sizes at the ' +
    'destination.',
  judge: ({ vm, to, hugePages }, { destination }) => {
    const needed = new Map<number | null, number>();
    for (const { pageBytes, bytes } of hugePages) {
      const size = pageBytes ?? destination.hugePageBytes;
      needed.set(size, (needed.get(size) ?? 0) + bytes);
    }
    return [...needed].flatMap(([size, bytes]) => {
      if (size === null) {
        const wanted = formatBytes(bytes);
        return {
          host: to,
          wanted,
          has: 'none',
          why: `${vm} has ${wanted} of its memory in huge pages, and ${to} has none at all`,
          fix: `Boot ${to} with a kernel that has them (hugetlbfs), or choose another host.`,
        };
      }
      const pages = Math.ceil(bytes / size);
      const free = destination.freeHugePages.get(size);
      if (free !== undefined && free >= pages) return [];
      const wanted = `${pages} of ${formatBytes(size)}`;
      const file = `/sys/kernel/mm/hugepages/hugepages-${size / 1024}kB/nr_hugepages`;
      return {
        host: to,
        wanted,
        has: `${free ?? 0} of ${formatBytes(size)} free`,
        why:
          `${vm} has its memory in huge pages: it needs ${wanted}, and ${to} has ` +
          (free === undefined ? 'no pages of that size' : `${free} of them free`),
        fix:
          free === undefined
            ? `Give ${to} pages of that size when it boots (hugepagesz=… hugepages=${pages}), or choose another host.`
            : `Have ${to} keep ${pages - free} more: \`echo $(($(cat ${file}) + ${pages - free})) >${file}\` there, ` +
              'which works as long as its memory is not in pieces; or choose another host.',
      };
    });
  },
};

export const USERFAULTFD: Term<Proposal> = {
  feature: 'userfaultfd',
  rule: "A strategy that ends in post-copy needs userfaultfd(2) open to the destination's QEMU.",
  judge: ({ strategy, needs, to }, { destination }) => {
    if (!needs.includes('userfaultfd') || destination.userfaultfd) return [];
    return [
      {
        host: to,
        wanted: `open to QEMU, for ${strategy}`,
        has: 'closed to QEMU',
        why: `${strategy} needs userfaultfd, which ${to} keeps from a QEMU that is not root`,
        fix:
          `On ${to}: \`sysctl -w vm.unprivileged_userfaultfd=1\`, and \`echo vm.unprivileged_userfaultfd=1 ` +
          '>/etc/sysctl.d/90-vxmig-userfaultfd.conf` for the next boot; or move it with another `--strategy`.',
      },
    ];
  },
};

/** Beyond this the guest would notice: its own clock is set forward by the difference when it goes on. */
export const MOST_APART_MS = 1_000;

export const CLOCK: Term<Proposal> = {
  feature: 'clock',
  rule:
    `The clocks of both hosts differ by no more than ${formatMs(MOST_APART_MS)}: the guest's clock follows its ` +
    "host's.",
  judge: ({ vm, from, to, clock }) => {
    if (clock === null) return [];
    const { aheadMs, errorMs } = clock;
    if (Math.abs(aheadMs) - errorMs <= MOST_APART_MS) return [];
    const how = `${formatMs(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
    return [
      {
        host: to,
        wanted: `within ${formatMs(MOST_APART_MS)} of ${from}`,
        has: how,
        why: `the clock of ${to} is ${how} that of ${from}: the guest of ${vm} would see its time jump`,
        fix:
          `Let chrony or systemd-timesyncd keep both; \`timedatectl\` on ${from} and on ${to} tells which one is ` +
          'wrong.',
      },
    ];
  },
};
