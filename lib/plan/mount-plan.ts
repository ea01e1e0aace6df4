import type { Change } from '../model/change.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { VxmigError } from '../model/errors.js';
import { allOf } from '../model/joined-errors.js';
import { isMounted, type MountPoint, type MountRemoval, type MountStep, pointAt } from '../model/mount.js';
import type { Topology } from '../model/topology.js';
import { exportSource } from '../storage/nfs.js';
import { change } from './change.js';
import type { ObservedHost } from './observed.js';

export interface MountsPlan {
  readonly host: string;
  /** Before all else: what is on the storage is only seen then. */
  readonly mounts: readonly MountStep[];
  /** After the VMs that had disks there. */
  readonly unmounts: readonly MountRemoval[];
  readonly changes: readonly Change[];
}

type Seeing = Pick<ObservedHost, 'host' | 'mounts' | 'domains'>;

/** With these an answer that is late is an error that gets into the guest (nfs(5)), or nothing can be written. */
const UNFIT = ['soft', 'softerr', 'ro'];

/** Exports that each host mounts, as it has each VM's medium: then a VM may go wherever it likes. */
export function mountsOf({ name: topology, storage, vms }: Topology): MountStep[] {
  const used = new Set(vms.flatMap(({ disks }) => disks.map((disk) => disk.storage)));
  return storage.flatMap(({ name, client, server, export: directory, path, options }) =>
    client === 'kernel' && path !== null && used.has(name)
      ? [{ topology, storage: name, source: exportSource(server ?? '', directory ?? ''), path, options }]
      : [],
  );
}

/**
 * What a host has to mount and unmount: pure. What is mounted already as it is to be is taken, whoever did it.
 *
 * @throws VxmigError HOST_UNFIT where its kernel cannot, or what is mounted does not do; CLASH where the place is taken
 */
export function planMounts(topology: Topology, seen: Seeing): MountsPlan {
  const wanted = mountsOf(topology);
  const steps = allOf(wanted.map((step) => () => planMount(step, seen))).flat();
  const unmounts = removals(topology.name, seen, (mark) =>
    wanted.some(({ storage, path }) => storage === mark.storage && path === mark.path),
  );
  return {
    host: seen.host,
    mounts: steps.map(({ step }) => step),
    unmounts,
    changes: [
      ...steps.map(({ step, why }) => change(seen.host, 'mount', step.path, 'create', why)),
      ...unmounts.map(({ path }) =>
        change(seen.host, 'mount', path, 'delete', 'no VM of the topology has a disk there'),
      ),
    ],
  };
}

/** What of a topology's goes from a host: what it has mounted, and nobody else needs. */
export function removals(
  topology: string,
  { mounts, domains }: Seeing,
  isKept: (mark: MountRemoval) => boolean,
): MountRemoval[] {
  return mounts.marks
    .map(({ storage, path }) => ({ topology, storage, path }))
    .filter((mark) => !isKept(mark))
    .filter(({ path }) => !domains.some((domain) => domain.owner?.topology !== topology && hasDiskBelow(domain, path)));
}

/** Whoever writes where an export is to be mounted may take it for mounted. */
export function unusedPaths({ storage }: Topology): string[] {
  return storage.flatMap(({ name, kind, client, path }) =>
    kind === 'nfs' && client === 'qemu' && path !== null
      ? [
          `Storage ${name}: nothing is mounted at ${path}, for QEMU asks the server itself; ` +
            '`client: kernel` mounts it.',
        ]
      : [],
  );
}

/** Also of one that is off: it would not start any more. */
function hasDiskBelow({ xml }: ObservedHost['domains'][number], path: string): boolean {
  return DomainDefinition.parse(xml).disks.some(({ source }) => source?.startsWith(`${path}/`) === true);
}

function planMount(step: MountStep, { host, mounts }: Seeing): { readonly step: MountStep; readonly why: string }[] {
  const { path, source, storage } = step;
  const point = pointAt(mounts, path);
  if (point !== null) {
    if (!isMounted(step, point)) throw taken(host, step, `${point.source} (${point.type}) is mounted there`);
    refuseOptions(host, step, point);
    const isOwn = mounts.marks.some((mark) => mark.storage === storage && mark.path === path);
    const isShared = !isOwn && mounts.others.includes(path);
    return isShared ? [{ step, why: 'another topology has mounted it, and it stays for this one, too' }] : [];
  }
  if (mounts.filled.includes(path)) throw taken(host, step, 'there is something in that directory');
  if (!mounts.hasClient) throw noClient(host, step);
  if (!mounts.hasHelper) throw noHelper(host, step);
  return [{ step, why: `${source} is not mounted there` }];
}

function refuseOptions(host: string, { path, storage }: MountStep, { source, options }: MountPoint): void {
  const unfit = options.find((option) => UNFIT.includes(option));
  if (unfit === undefined) return;
  throw new VxmigError('HOST_UNFIT', `${source} is mounted at ${path} on ${host} with the option ${unfit}`, {
    where: `${host} ${path}`,
    hint:
      `Nothing was changed. \`umount ${path}\` on ${host} when nobody uses it, and apply mounts it for the storage ` +
      `${storage}; or mount it there with \`hard,rw\`.`,
  });
}

function taken(host: string, { path, source, storage }: MountStep, what: string): VxmigError {
  return new VxmigError('CLASH', `${source} is to be mounted at ${path} on ${host}, and ${what}`, {
    where: `${host} ${path}`,
    hint: `Nothing was changed. Move that away, or give the storage ${storage} another \`path\`.`,
  });
}

const WITHOUT_CLIENT = 'leave `client: kernel` out of the file, and QEMU asks the server itself';

function noClient(host: string, { path, storage }: MountStep): VxmigError {
  return new VxmigError(
    'HOST_UNFIT',
    `the storage ${storage} has \`client: kernel\`, and the kernel of ${host} has no NFS client`,
    {
      where: `${host} ${path}`,
      hint:
        `Nothing was changed. Give ${host} a kernel with the module nfs (Debian: linux-image-amd64); or ` +
        `${WITHOUT_CLIENT}.`,
    },
  );
}

function noHelper(host: string, { path, storage }: MountStep): VxmigError {
  return new VxmigError('HOST_UNFIT', `the storage ${storage} has \`client: kernel\`, and ${host} has no mount.nfs`, {
    where: `${host} ${path}`,
    hint: `Nothing was changed. \`apt-get install nfs-common\` on ${host}; or ${WITHOUT_CLIENT}.`,
  });
}
