import type { LocalOffer } from '../model/local-offer.js';

/** What one end of a move says that it has, before anything moves. Texts are empty where it does not say. */
export interface Offer extends LocalOffer {
  readonly host: string;
  /** By which libvirt tells hosts apart. */
  readonly hostUuid: string;
  /** As libvirt there names its host to others (virGetHostname). */
  readonly hostName: string;
  /** Of the QEMU that libvirt starts there by itself. */
  readonly qemuVersion: string;
  /** Machine types that libvirt lists for the VM's architecture; empty: it lists none. */
  readonly machines: readonly string[];
  /** libvirt there runs guests of that architecture with KVM. */
  readonly kvm: boolean;
  /** The VM's emulator can be started there. */
  readonly emulator: boolean;
  /** What libvirt gives with that emulator, machine type and acceleration; null: it refuses them. */
  readonly virtualCpu: VirtualCpu | null;
  /** Why it refuses them, in its words. */
  readonly complaint: string;
  /** Why the hypervisor there cannot give the VM's CPU, in libvirt's words; null: it can, or does not know. */
  readonly cpuVerdict: string | null;
  readonly cpu: HostCpu;
  readonly datapath: 'system' | 'netdev';
  /** How large packets to the other end's VTEP may be, at the size that the VM's networks need. */
  readonly way: 'full' | 'small' | 'silent' | 'not asked';
  /** To what the name leads by which this end reaches the other one's libvirt; empty: no name, or nowhere. */
  readonly farAddresses: readonly string[];
  readonly availableMemoryBytes: number;
  /** By their size in bytes, those that nobody has or was promised. */
  readonly freeHugePages: ReadonlyMap<number, number>;
  /** The size that `<hugepages/>` alone means; null: there are none. */
  readonly hugePageBytes: number | null;
  /** QEMU there may use userfaultfd(2). */
  readonly userfaultfd: boolean;
  /** What the kernel's tap devices can take off a guest: `csum`, `tso`, `uso`; null: it could not be asked. */
  readonly tapOffloads: readonly string[] | null;
  /** Of the VM's block drivers, those that the emulator there does not have. */
  readonly lackingDrivers: readonly string[];
  /** By tap: what the guest has turned on of that; only at the source. */
  readonly usedOffloads: ReadonlyMap<string, readonly string[]>;
}

/** What libvirt says that it can give a guest (`virsh domcapabilities`). */
export interface VirtualCpu {
  /** What `host-model` stands for there; null: it is not to be had. */
  readonly hostModel: CpuModel | null;
  /** What the VM's model has and the host has not; empty too where it does not say. */
  readonly blockers: readonly string[];
}

export interface CpuModel {
  readonly name: string;
  readonly vendor: string;
  /** Beyond the model's own. */
  readonly required: readonly string[];
  /** Of the model's own, those that are missing. */
  readonly disabled: readonly string[];
  /** The `<cpu>` of domcapabilities that all of this was read from. */
  readonly xml: string;
}

/** The processor itself. */
export interface HostCpu {
  /** `GenuineIntel 6 143`: vendor, family, model. */
  readonly model: string;
  /** As /proc/cpuinfo names what it can. */
  readonly flags: readonly string[];
}

export interface Offers {
  readonly source: Offer;
  readonly destination: Offer;
}
