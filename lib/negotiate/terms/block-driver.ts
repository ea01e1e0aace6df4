import type { Term } from '../term.js';

export const BLOCK_DRIVER: Term = {
  feature: 'block driver',
  rule: "The destination's QEMU speaks with the servers of the VM's disks, as the source's does (NFS, Ceph, iSCSI, …).",
  judge: ({ vm, blockDrivers, from, to }, { source, destination }) =>
    blockDrivers
      .filter((driver) => destination.lackingDrivers.includes(driver) && !source.lackingDrivers.includes(driver))
      .map((driver) => ({
        host: to,
        wanted: driver,
        has: 'no such driver',
        why: `a disk of ${vm} is on a server (${driver}), and QEMU on ${to} has no driver for it, as on ${from}`,
        fix: `On ${to}: \`apt-get install qemu-block-extra\` (Debian, Ubuntu), of the version of its QEMU.`,
      })),
};
