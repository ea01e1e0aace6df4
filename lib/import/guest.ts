import type { DiskSource } from './disk-source.js';
import type { Origin } from './remarks.js';
import type { Tag } from './tag.js';

/** What the guest sees its disk as. */
export type DiskBus = 'virtio' | 'ide' | 'sata' | 'scsi' | 'usb' | 'fdc' | 'sd';

export interface GuestDisk {
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun';
  readonly bus: DiskBus;
  /** null: an empty drive. */
  readonly source: DiskSource | null;
  /** `raw`, `qcow2`, …; null: not known. */
  readonly format: string | null;
  readonly readonly: boolean;
  readonly shareable?: boolean;
  /** Which of its bus's places it has, from 0: it gives the target's name; null: the next one that is free. */
  readonly slot: number | null;
  /** Further attributes of `<driver>`: cache, io, discard, … */
  readonly driver: Readonly<Record<string, string>>;
  readonly serial: string | null;
  /** Which is tried first is the lowest; null: none of its own. */
  readonly bootIndex: number | null;
  /** Further elements: `<iotune>`, `<address>`, … */
  readonly more: readonly Tag[];
}

export interface GuestNic {
  /** null: one is to be made up. */
  readonly mac: string | null;
  /** As libvirt names models. */
  readonly model: string;
  /** A bridge of the host, a tap of somebody else's, or only the guest's network. */
  readonly connection:
    | { readonly kind: 'bridge'; readonly bridge: string; readonly vlan: number | null }
    | { readonly kind: 'tap'; readonly device: string | null }
    | { readonly kind: 'user' };
  readonly queues: number | null;
  readonly bootIndex: number | null;
  readonly more: readonly Tag[];
  readonly origin: Origin;
}

/** A VM as it was found, in libvirt's terms. */
export interface Guest {
  /** As libvirt is to know it; null: it has none. */
  name: string | null;
  uuid: string | null;
  type: 'kvm' | 'qemu';
  arch: string;
  /** null: libvirt's default. */
  machine: string | null;
  memoryBytes: number;
  /** Less than the memory where a balloon holds the rest; null: all of it. */
  currentMemoryBytes: number | null;
  memory: Record<string, string>;
  memoryBacking: Tag[];
  vcpus: number;
  currentVcpus: number | null;
  cpu: Tag | null;
  /** Within `<os>`, without type and boot devices. */
  os: Tag[];
  firmware: 'efi' | null;
  /** In the order in which they are tried. */
  boot: ('hd' | 'cdrom' | 'network' | 'fd')[];
  features: Tag[];
  clock: { offset: string; timers: Tag[] };
  pm: Tag[];
  events: { poweroff: string; reboot: string; crash: string };
  sysinfo: Tag | null;
  disks: GuestDisk[];
  nics: GuestNic[];
  devices: Tag[];
  /** Elements of the domain that have no place above. */
  more: Tag[];
}

export function newGuest(): Guest {
  return {
    name: null,
    uuid: null,
    type: 'kvm',
    arch: 'x86_64',
    machine: null,
    memoryBytes: 0,
    currentMemoryBytes: null,
    memory: {},
    memoryBacking: [],
    vcpus: 1,
    currentVcpus: null,
    cpu: null,
    os: [],
    firmware: null,
    boot: [],
    features: [],
    clock: { offset: 'utc', timers: [] },
    pm: [],
    events: { poweroff: 'destroy', reboot: 'restart', crash: 'destroy' },
    sysinfo: null,
    disks: [],
    nics: [],
    devices: [],
    more: [],
  };
}
