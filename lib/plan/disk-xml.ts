import type { Disk, Storage, Volume } from '../model/storage.js';
import type { Topology, Vm } from '../model/topology.js';
import { escaped } from '../model/xml-element.js';
import { storageKindOf } from '../storage/registry.js';
import type { VolumePlace } from '../storage/storage-kind.js';

/** Where vxmig keeps what a topology's guests are told at their first start; on each host the same. */
export function seedDirectory(topology: string): string {
  return `/var/lib/vxmig/seeds/${topology}`;
}

export function seedPath(topology: string, vm: string): string {
  return `${seedDirectory(topology)}/${vm}.iso`;
}

/** Where a UEFI keeps its variables, beside the medium, with which it goes on every host on which the VM has been. */
export function variablesPath(topology: string, vm: string): string {
  return `${seedDirectory(topology)}/${vm}.nvram`;
}

export interface PlacedVolume extends Volume {
  readonly storage: Storage;
  readonly place: VolumePlace;
}

/** The images of a VM's disks, in the order in which the guest sees them. */
export function volumesOf(topology: Topology, vm: Vm): PlacedVolume[] {
  return vm.disks.map(({ storage: name, format }, index) => {
    const storage = topology.storage.find((candidate) => candidate.name === name);
    if (storage === undefined) throw new Error(`no storage ${name} in topology ${topology.name}`);
    const volume = { topology: topology.name, vm: vm.name, index, format };
    return { ...volume, storage, place: storageKindOf(storage.kind).place(storage, volume) };
  });
}

/** Those of which each host has its own: a VM that moves takes them along. */
export function volumesOfOneHost(topology: Topology, vm: Vm): PlacedVolume[] {
  return volumesOf(topology, vm).filter(({ storage }) => storageKindOf(storage.kind).isOfOneHost);
}

const PREFIX = { virtio: 'vd', scsi: 'sd', sata: 'sd' } as const;

/** The guest's own names, by bus: `vda`, `vdb`; `sda` is shared by the buses that are called so. */
export function targetsOf(buses: readonly Disk['bus'][]): string[] {
  const counts = { vd: 0, sd: 0 };
  return buses.map((bus) => {
    const prefix = PREFIX[bus];
    const letter = String.fromCharCode(97 + counts[prefix]);
    counts[prefix] += 1;
    return `${prefix}${letter}`;
  });
}

/**
 * Its disks, and last the medium with its seed, on the first disk's bus, for which the guest has a driver: a kernel
 * that is made for clouds may have none for a CD-ROM, and cloud-init finds the medium by its label on whatever it lies.
 * QEMU has no SATA disks that are only read.
 */
export function disksXml(topology: Topology, vm: Vm): string {
  const seedBus = vm.disks[0]?.bus ?? 'virtio';
  const targets = targetsOf([...vm.disks.map(({ bus }) => bus), seedBus]);
  const disks = volumesOf(topology, vm).map((volume, index) => {
    const { bus = 'virtio', cache = 'none' } = vm.disks[index] ?? {};
    const native = cache === 'none' || cache === 'directsync' ? " io='native'" : '';
    // A server is asked by QEMU itself, and knows no such difference.
    const io = volume.place.kind === 'file' ? native : '';
    return `    <disk type='${volume.place.kind}' device='disk'>
      <driver name='qemu' type='${volume.format}' cache='${cache}'${io} discard='unmap'/>
${sourceXml(volume.place)}      <target dev='${targets[index]}' bus='${bus}'/>
    </disk>
`;
  });
  const scsi = vm.disks.some(({ bus }) => bus === 'scsi') ? "    <controller type='scsi' model='virtio-scsi'/>\n" : '';
  const seed = `    <disk type='file' device='${seedBus === 'sata' ? 'cdrom' : 'disk'}'>
      <driver name='qemu' type='raw'/>
      <source file='${escaped(seedPath(topology.name, vm.name))}'/>
      <target dev='${targets.at(-1)}' bus='${seedBus}'/>
      <readonly/>
    </disk>
`;
  return [scsi, ...disks, seed].join('');
}

/**
 * As qemu-img has made the image: NFS's AUTH_SYS takes whoever asks at his word (RFC 5531 appendix A), and a server
 * that squashes root does so for both.
 */
const AS_ROOT = "        <identity user='+0' group='+0'/>\n";

function sourceXml(place: VolumePlace): string {
  if (place.kind === 'file') return `      <source file='${escaped(place.path)}'/>\n`;
  const port = place.port === null ? '' : ` port='${place.port}'`;
  return `      <source protocol='${place.protocol}' name='${escaped(place.name)}'>
        <host name='${escaped(place.server)}'${port}/>
${place.protocol === 'nfs' ? AS_ROOT : ''}      </source>
`;
}
