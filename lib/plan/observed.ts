import type { AdoptionMark, OwnerMark } from '../model/domain-marks.js';
import type { ObservedLink, ObservedNamespace, ObservedRoute, SwitchRoutes } from '../model/kernel-state.js';
import type { LibvirtDomain } from '../model/libvirt-domain.js';
import type { MountSight } from '../model/mount.js';
import type { VolumeSight } from '../model/volume-sight.js';
import type { Flow } from '../openflow/flow.js';
import type { Switching } from './switching.js';

/** What of one host its network is planned from. */
export interface ObservedNetwork {
  readonly host: string;
  readonly ovsVersion: string;
  /** True where the kernel's Open vSwitch module is loaded. */
  readonly kernelDatapath: boolean;
  readonly bridges: readonly ObservedBridge[];
  readonly links: readonly ObservedLink[];
  readonly routes: readonly ObservedRoute[];
  /** ovs-vswitchd is there: without it no flows are seen, and no routes of the switch. */
  readonly switchAnswers: boolean;
  readonly switchRoutes: SwitchRoutes;
  readonly namespaces: readonly ObservedNamespace[];
  /** Tables of nftables' netdev family. */
  readonly nftTables: readonly string[];
  /** The address at which the SSH connection arrived; null where sshd did not tell. */
  readonly sshAddress: string | null;
}

/** What of one host its VMs are planned from. */
export interface ObservedVms {
  readonly host: string;
  readonly domains: readonly ObservedDomain[];
  /** Names of domains that were started so short a time ago that their guests may still boot. */
  readonly startedLately: readonly string[];
  /** Images that the topology's VMs have, or are to have. */
  readonly volumes: readonly VolumeSight[];
  readonly mounts: MountSight;
  /** Of seeds that are there: path → what they were made of. */
  readonly seeds: Readonly<Record<string, string>>;
  /** KVM is there and opens. */
  readonly kvm: boolean;
}

/** What one host holds, as read; the plan decides from this alone. */
export interface ObservedHost extends ObservedNetwork, ObservedVms {}

export interface ObservedBridge {
  readonly uuid: string;
  readonly name: string;
  readonly datapathType: string;
  readonly failMode: string | null;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
  /** Table number → name. */
  readonly tableNames: Readonly<Record<string, string>>;
  /** Of the bridge's own port. */
  readonly mtuRequest: number | null;
  readonly switching: Switching;
  readonly ports: readonly ObservedPort[];
  /** All of them, learned ones too; empty for bridges that are not ours. */
  readonly flows: readonly Flow[];
}

export interface ObservedPort {
  readonly uuid: string;
  readonly name: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly interface: ObservedInterface;
}

export interface ObservedInterface {
  readonly uuid: string;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  readonly ofport: number | null;
  readonly ofportRequest: number | null;
  readonly error: string | null;
}

export interface ObservedDomain extends Omit<LibvirtDomain, 'state'> {
  readonly state: string;
  /** vxmig has made it. */
  readonly owner: OwnerMark | null;
  /** Somebody else has made it, and vxmig has connected its NICs. */
  readonly adopted: AdoptionMark | null;
  /** It has come from another host by a migration of vxmig's, and has not been told to run. */
  readonly arriving: boolean;
}
