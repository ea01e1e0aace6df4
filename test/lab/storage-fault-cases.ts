import { DAEMONS, type Fault, type FaultCase, KILLED, MIGRATION_POINTS, QEMU, UNDERLAY } from './fault-cases.js';

/** Where in a migration whose disks go along. */
export const COPY_POINTS = MIGRATION_POINTS.flatMap((point) =>
  point === 'armed' ? ['disks in sync', point] : [point],
);

/** The directory into which the images go is a file system of its own. */
const FULL: Fault = {
  name: 'its disk is full',
  at: 'destination',
  script: 'dd if=/dev/zero of=/srv/own/filler bs=64k 2>/dev/null || true',
  heal: 'rm /srv/own/filler',
};

/** It is as it was afterwards, or taking the fault away fails. */
const FOREIGN: Fault = {
  name: "somebody's file is where the image is to be",
  at: 'destination',
  script: 'echo precious >/srv/own/LAB-web-0.qcow2',
  heal: 'grep -qx precious /srv/own/LAB-web-0.qcow2 && rm /srv/own/LAB-web-0.qcow2',
};

const INTERRUPTED: Fault = { name: 'vxmig is interrupted', at: 'controller', script: 'SIGINT', heal: null };

const LIBVIRTD = DAEMONS.filter(({ name, at }) => name === 'libvirtd dies' && at !== 'onlooker');

export const COPY_FAULTS: readonly FaultCase[] = [
  { fault: FOREIGN, point: 'before reserve' },
  ...[FULL, ...QEMU, KILLED, INTERRUPTED, ...UNDERLAY, ...LIBVIRTD].flatMap((fault) =>
    COPY_POINTS.map((point) => ({ fault, point })),
  ),
];

const SERVER: readonly Fault[] = [
  {
    name: 'the NFS server stands still for 2 s',
    at: 'server',
    script: 'pkill -STOP -x ganesha.nfsd; (sleep 2; pkill -CONT -x ganesha.nfsd) >/dev/null 2>&1 &',
    heal: null,
  },
  // `lab up` starts it again.
  { name: 'the NFS server is gone for good', at: 'server', script: 'pkill -KILL -x ganesha.nfsd', heal: null },
];

export const NFS_FAULTS: readonly FaultCase[] = SERVER.flatMap((fault) =>
  MIGRATION_POINTS.map((point) => ({ fault, point })),
);
