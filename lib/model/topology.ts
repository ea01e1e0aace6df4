import type { CopyStorage } from './disk-copy.js';
import type { Encapsulation } from './encapsulation.js';
import type { Disk, Storage } from './storage.js';
import type { StrategySettings } from './strategy-settings.js';

/**
 * The topology as the rest of the program sees it: defaults filled in, units in names, lists where the file allows one
 * or many.
 */
export interface Topology {
  readonly name: string;
  /** Present where `vxmig lab up` builds the hosts; null for real machines. */
  readonly lab: LabSettings | null;
  readonly underlay: readonly UnderlaySegment[];
  readonly hosts: readonly Host[];
  readonly storage: readonly Storage[];
  readonly networks: readonly Network[];
  readonly vms: readonly Vm[];
  readonly probes: readonly Probe[];
}

/** `lab: {}` has no options yet; the key itself is the statement. */
export type LabSettings = Readonly<Record<string, never>>;

export interface UnderlaySegment {
  readonly name: string;
  /** One prefix per address family, as written: `198.18.1.0/24`. */
  readonly cidrs: readonly string[];
  readonly mtu: number;
  /** As tc(8) reads it, lab only: `100mbit`. */
  readonly rate: string | null;
  /** Lab only: one-way delay in milliseconds. */
  readonly delayMs: number | null;
}

export interface Host {
  readonly name: string;
  readonly underlay: string;
  /** VTEP addresses without prefix length; the first one is used as local_ip. */
  readonly addresses: readonly string[];
  readonly ssh: SshSettings | null;
  /** null: looked up on the host (`system` where the kernel module is there, `netdev` where it is not). */
  readonly datapath: Datapath | null;
}

export type Datapath = 'system' | 'netdev';

export interface SshSettings {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFile: string | null;
  /** `SHA256:…` as ssh-keygen -l prints it; null: known_hosts decides. */
  readonly hostKey: string | null;
  /** What nobody has said, so that the user's own ssh may say it; left out: nothing of it. */
  readonly assumed?: readonly ('port' | 'user')[];
  /** What the user's ssh is configured to do; left out: nothing is to be asked of it, as in a lab. */
  readonly client?: SshClientSettings;
}

/** Of `~/.ssh/config` and /etc/ssh/ssh_config, as far as it concerns one host. */
export interface SshClientSettings {
  /** In the order in which they are shown; empty: the usual files. */
  readonly identityFiles: readonly string[];
  /** No other key that an agent holds is shown. */
  readonly identitiesOnly: boolean;
  /** The agent's socket; null: none is to be asked. */
  readonly agent: string | null;
  /** Left out: the usual ones. */
  readonly knownHostsFiles?: readonly string[];
  /** Under which known_hosts has it, without port; null: by address and port. */
  readonly hostKeyAlias: string | null;
  /** Who is gone through, the nearest to us first. */
  readonly jumps: readonly SshSettings[];
  /** What the files say besides and vxmig does not do, in words. */
  readonly unsupported: readonly string[];
}

export interface Network {
  readonly name: string;
  readonly encapsulation: Encapsulation;
  /** Its number, as the encapsulation's key has it. */
  readonly vni: number;
  readonly cidrs: readonly string[];
  readonly mtu: number;
  readonly mesh: Mesh;
  readonly acl: readonly AccessRule[];
}

/** `flow`: everybody with everybody as in `full`, by one tunnel port on each host. */
export type Mesh = { readonly kind: 'full' | 'flow' } | { readonly kind: 'hub'; readonly hub: string };

export interface Vm {
  readonly name: string;
  readonly host: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly source: VmSource;
  /** Of a guest whose definition vxmig writes; the first begins with its image. */
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
  /** Each of these has the VM as one of its ends. */
  readonly acl: readonly AccessRule[];
  readonly migration: MigrationSettings;
}

export type VmSource =
  | { readonly kind: 'image'; readonly image: Image; readonly machine: MachineSettings }
  | {
      readonly kind: 'domain';
      readonly domain: string;
      /** What the file says beside it, though the domain has its own. */
      readonly says?: { readonly memoryBytes?: number; readonly vcpus?: number };
    };

/** What an own guest begins with. `micro` has no disk. */
export type Image =
  | { readonly kind: 'micro' }
  | { readonly kind: 'debian' }
  /** A raw or qcow2 image on the host. */
  | { readonly kind: 'file'; readonly path: string }
  /** One on this machine, which is sent to the host; as in the file until it is known where that lies. */
  | { readonly kind: 'upload'; readonly path: string };

/** The machine of a guest whose definition vxmig writes; null: what suits the image. */
export interface MachineSettings {
  /** libvirt's name of a model, `host-model`, `host-passthrough`, or BASELINE. */
  readonly cpu: string | null;
  readonly machine: string | null;
  readonly firmware: 'bios' | 'uefi';
  /** As in the file: public keys, or paths of files that hold one. */
  readonly sshKeys: readonly string[];
}

export interface Nic {
  readonly network: string;
  /** Lower case, colons. */
  readonly mac: string;
  /** With prefix length: `10.9.0.1/24`. */
  readonly addresses: readonly string[];
  readonly allow: Allowance;
}

/** What port security lets a NIC send beyond its own MAC and addresses. */
export interface Allowance {
  /** There is no port security at this NIC. */
  readonly any: boolean;
  readonly macs: readonly string[];
  /** Addresses as prefixes of full length. */
  readonly prefixes: readonly string[];
  readonly dhcpServer: boolean;
  readonly routerAdvertisements: boolean;
  readonly vlan: boolean;
}

/** One rule of an `acl`. */
export interface AccessRule {
  readonly from: AccessEnd;
  readonly to: AccessEnd;
  readonly protocol: 'any' | 'tcp' | 'udp' | 'icmp';
  /** Destination ports, both included; null: all. */
  readonly ports: { readonly first: number; readonly last: number } | null;
  readonly action: 'allow' | 'deny';
}

export type AccessEnd =
  | { readonly kind: 'any' }
  | { readonly kind: 'vm' | 'host'; readonly name: string }
  /** An address is a prefix of full length. */
  | { readonly kind: 'prefix'; readonly prefix: string };

/** A name of the registry in `lib/strategies/`: reading a file refuses any other. */
export type StrategyName = string;

export interface MigrationSettings extends StrategySettings {
  readonly strategy: StrategyName;
  /** Upper bound for the copy in bytes per second; null: libvirt's own. */
  readonly bandwidthBytesPerSecond: number | null;
  /** How long the whole copy of its memory may take. */
  readonly timeoutMs: number;
  /** Disks that the new host does not see are copied to it; null: only those that are a host's own by their storage. */
  readonly copyStorage: CopyStorage | null;
}

export interface Probe {
  readonly from: { readonly kind: 'host' | 'vm'; readonly name: string };
  /** The VM that is watched. */
  readonly to: string;
  readonly intervalMs: number;
}
