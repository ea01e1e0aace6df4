/** An NFS export that a host's kernel is to have mounted. */
export interface MountStep {
  readonly topology: string;
  /** Name of the storage. */
  readonly storage: string;
  /** `SERVER:/EXPORT`, as mount(8) takes it, and as the kernel then names it. */
  readonly source: string;
  readonly path: string;
  /** As nfs(5) has them, with commas. */
  readonly options: string;
}

/** A mount that is to go, unless somebody else needs it. */
export type MountRemoval = Pick<MountStep, 'topology' | 'storage' | 'path'>;

/** What of mounts a host has. */
export interface MountSight {
  /** The kernel has an NFS client, or a module with one. */
  readonly hasClient: boolean;
  /** mount(8) has its helper for NFS. */
  readonly hasHelper: boolean;
  /** All that is mounted there, in the kernel's order: of several at one path the last one is seen. */
  readonly points: readonly MountPoint[];
  /** What vxmig has mounted for the topology, as it has written down. */
  readonly marks: readonly MountMark[];
  /** Paths of what it has mounted for other topologies. */
  readonly others: readonly string[];
  /** Of the paths that were asked about, those at which there is something: not mounted, in the directory itself. */
  readonly filled: readonly string[];
}

/** A line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface MountPoint {
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface MountMark {
  readonly storage: string;
  /** Of the mount; `-`: whoever was about to mount it has not come to writing that down. */
  readonly id: string;
  readonly path: string;
}

/** Of a host that nobody has asked: no storage is mounted by vxmig, and none is to be. */
export const NO_MOUNTS: MountSight = {
  hasClient: false,
  hasHelper: false,
  points: [],
  marks: [],
  others: [],
  filled: [],
};

/** What is seen at a path; null: nothing is mounted there. */
export function pointAt({ points }: Pick<MountSight, 'points'>, path: string): MountPoint | null {
  return points.findLast((point) => point.path === path) ?? null;
}

/** Whether a mount is that export: a bind of a directory below has that in its source (nfs_show_devname in Linux). */
export function isMounted({ source }: Pick<MountStep, 'source'>, point: MountPoint | null): boolean {
  const plain = (text: string) => text.replace(/(?<=:.*)\/+$/, '');
  return point !== null && /^nfs4?$/.test(point.type) && plain(point.source) === plain(source);
}
