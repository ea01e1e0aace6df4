import type { UploadStep } from '../model/base-image.js';
import type { Change } from '../model/change.js';
import type { Command } from '../model/command.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { SeedStep } from '../model/seed.js';
import type { VolumeRemoval, VolumeSettling, VolumeStep } from '../model/volume-step.js';
import type { FlowDiff } from '../openflow/diff.js';
import type { Switching } from './switching.js';

/**
 * What has to be done with one host's Open vSwitch and with its devices, in the order in which it is done: `prepare`
 * (devices that OVS is to take), `ovs` (one OVSDB transaction), `settle` (addresses, namespaces), `flows`.
 */
export interface OvsScope extends ScopePlan {
  readonly backend: 'ovs';
  readonly host: string;
  readonly prepare: readonly Command[];
  readonly ovs: readonly OvsChange[];
  readonly settle: readonly Command[];
  readonly flows: readonly BridgeFlows[];
  /** What is taken away, after the migrations: nothing that still carries traffic is removed first. */
  readonly remove: {
    /** What needs that which then goes: a bridge that still has its mark tells that an address is to be given back. */
    readonly prepare: readonly Command[];
    readonly ovs: readonly OvsChange[];
    readonly commands: readonly Command[];
  };
}

/** What has to be done with one host's VMs, when every scope of the network is so far. */
export interface VmPlan {
  readonly host: string;
  readonly changes: readonly Change[];
  /** First: images that disks are to begin with, and are not there. */
  readonly uploads: readonly UploadStep[];
  /** Then: a domain is started from them. */
  readonly volumes: readonly VolumeStep[];
  readonly seeds: readonly SeedStep[];
  /** Images that have moved along with their VMs, and are marked so. */
  readonly keepVolumes: readonly VolumeSettling[];
  readonly steps: readonly DomainStep[];
  /** After the migrations. */
  readonly remove: readonly DomainStep[];
  /** Paths of media. */
  readonly removeSeeds: readonly string[];
  /** What is left of moves that were cut off, before the migrations. */
  readonly removeVolumes: readonly VolumeRemoval[];
}

export interface BridgeFlows {
  readonly bridge: string;
  readonly diff: FlowDiff;
}

/** `domain` is libvirt's name. */
export type DomainStep =
  | { readonly kind: 'define'; readonly domain: string; readonly xml: string }
  /** Of the stored definition: counts from the next start. */
  | { readonly kind: 'update-nic'; readonly domain: string; readonly xml: string }
  /** vxmig's element in its metadata; null: it goes. */
  | {
      readonly kind: 'mark';
      readonly domain: string;
      readonly element: string | null;
      readonly which: readonly ('config' | 'live')[];
    }
  | { readonly kind: 'start'; readonly domain: string }
  | { readonly kind: 'resume'; readonly domain: string }
  /** As by its power button; one that does not hear it is stopped. */
  | { readonly kind: 'shutdown'; readonly domain: string }
  | { readonly kind: 'stop'; readonly domain: string }
  | { readonly kind: 'undefine'; readonly domain: string };

/** Columns as ovs-vswitchd.conf.db(5) names them; maps are replaced whole. */
export interface BridgeColumns {
  readonly datapathType: string;
  readonly failMode: string | null;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly tableNames: Readonly<Record<string, string>>;
  /** Of the bridge's own port; null: the smallest of its ports' MTUs, as it happens. */
  readonly mtuRequest: number | null;
  readonly switching: Switching;
}

export interface PortColumns {
  readonly externalIds: Readonly<Record<string, string>>;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  readonly ofportRequest: number | null;
}

export type OvsChange =
  | { readonly kind: 'add-bridge'; readonly bridge: string; readonly columns: BridgeColumns }
  | { readonly kind: 'set-bridge'; readonly bridge: string; readonly uuid: string; readonly columns: BridgeColumns }
  | { readonly kind: 'delete-bridge'; readonly bridge: string; readonly uuid: string }
  | { readonly kind: 'add-port'; readonly bridge: string; readonly port: string; readonly columns: PortColumns }
  | {
      readonly kind: 'set-port';
      readonly bridge: string;
      readonly port: string;
      readonly uuid: string;
      readonly interfaceUuid: string;
      readonly columns: PortColumns;
    }
  | { readonly kind: 'delete-port'; readonly bridge: string; readonly port: string; readonly uuid: string };
