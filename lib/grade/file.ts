// Generated from schema.json by generate-types.ts: change the schema and run that, not this file.
// biome-ignore-all lint/complexity/noBannedTypes: what the generator writes for an object without keys.

/**
 * Without it a check gives all its points or none. `ratio`: as much of them as the share of its facts that hold. Bands:
 * by what was measured, beyond the last band nothing; of several measures the worst counts.
 */
export type PartialCredit =
  | string
  | {
      /**
       * By lost pings.
       *
       * @minItems 1
       * @maxItems 16
       */
      lost?: CountBand[];
      /**
       * By downtime.
       *
       * @minItems 1
       * @maxItems 16
       */
      downtime?: TimeBand[];
      /**
       * By the time until every host sends to the new place.
       *
       * @minItems 1
       * @maxItems 16
       */
      convergence?: TimeBand[];
    };
/**
 * Look again until it passes or this time is over: `30s`, or `{for: 30s, every: 2s}`. Default: one look.
 */
export type Retry =
  | string
  | {
      /**
       * How long.
       */
      for: string;
      /**
       * Time between looks. Default: 1s.
       */
      every?: string;
    };
/**
 * Facts of the student's topology file; needs no hosts. `reference`: all of it as in the reference topology; or by
 * section.
 */
export type TopologyWanted =
  | string
  | {
      /**
       * `reference`: just the segments of the reference topology, all keys as there; a list of keys: at least those of
       * the reference, with these keys as there; or what is wanted by name.
       *
       * @minItems 1
       * @maxItems 16
       */
      underlay?:
        | string
        | ('cidr' | 'mtu' | 'rate' | 'delay')[]
        | {
            [k: string]: WantedSegment;
          };
      /**
       * `reference`: just the hosts of the reference topology, all keys as there; a list of keys: at least those of the
       * reference, with these keys as there; or what is wanted by name.
       *
       * @minItems 1
       * @maxItems 16
       */
      hosts?:
        | string
        | ('underlay' | 'address')[]
        | {
            [k: string]: WantedHost;
          };
      /**
       * `reference`: just the networks of the reference topology, all keys as there; a list of keys: at least those of
       * the reference, with these keys as there; or what is wanted by name.
       *
       * @minItems 1
       * @maxItems 16
       */
      networks?:
        | string
        | ('vni' | 'cidr' | 'mtu' | 'mesh' | 'acl')[]
        | {
            [k: string]: WantedNetwork;
          };
      /**
       * `reference`: just the VMs of the reference topology, all keys as there; a list of keys: at least those of the
       * reference, with these keys as there; or what is wanted by name.
       *
       * @minItems 1
       * @maxItems 16
       */
      vms?:
        | string
        | ('host' | 'memory' | 'vcpus' | 'source' | 'nics' | 'migration' | 'acl')[]
        | {
            [k: string]: WantedVm;
          };
      /**
       * Probes that there must be; or `reference`: just those of the reference.
       *
       * @minItems 1
       * @maxItems 4096
       */
      probes?: string | WantedProbe[];
    };
/**
 * What is wanted of one segment: `reference` (all keys as there), a list of keys (these as there), `present`, `absent`,
 * or values by key.
 *
 * @minItems 1
 * @maxItems 16
 */
export type WantedSegment =
  | string
  | ('cidr' | 'mtu' | 'rate' | 'delay')[]
  | {
      /**
       * Its prefix, or both.
       *
       * @minItems 1
       * @maxItems 2
       */
      cidr?: string | string[];
      /**
       * Its MTU in bytes. A number, `reference`, or `{atLeast: …, atMost: …}`.
       */
      mtu?:
        | number
        | string
        | {
            /**
             * Not less than this.
             */
            atLeast?: number;
            /**
             * Not more than this.
             */
            atMost?: number;
          };
      /**
       * As tc(8) writes it, `none` for no shaping, or `reference`.
       */
      rate?: string;
      /**
       * `20ms`, `none`, or `reference`.
       */
      delay?: string;
    };
/**
 * What is wanted of one host: `reference` (all keys as there), a list of keys (these as there), `present`, `absent`, or
 * values by key.
 *
 * @minItems 1
 * @maxItems 16
 */
export type WantedHost =
  | string
  | ('underlay' | 'address')[]
  | {
      /**
       * The segment that it stands in, or `reference`.
       */
      underlay?: string;
      /**
       * Its VTEP address, or both.
       *
       * @minItems 1
       * @maxItems 2
       */
      address?: string | string[];
    };
/**
 * What is wanted of one network: `reference` (all keys as there), a list of keys (these as there), `present`, `absent`,
 * or values by key.
 *
 * @minItems 1
 * @maxItems 16
 */
export type WantedNetwork =
  | string
  | ('vni' | 'cidr' | 'mtu' | 'mesh' | 'acl')[]
  | {
      /**
       * Its VXLAN network identifier. A number, `reference`, or `{atLeast: …, atMost: …}`.
       */
      vni?:
        | number
        | string
        | {
            /**
             * Not less than this.
             */
            atLeast?: number;
            /**
             * Not more than this.
             */
            atMost?: number;
          };
      /**
       * Its prefix, or both.
       *
       * @minItems 1
       * @maxItems 2
       */
      cidr?: string | string[];
      /**
       * Its MTU in bytes. A number, `reference`, or `{atLeast: …, atMost: …}`.
       */
      mtu?:
        | number
        | string
        | {
            /**
             * Not less than this.
             */
            atLeast?: number;
            /**
             * Not more than this.
             */
            atMost?: number;
          };
      /**
       * `full`, `flow`, `{hub: HOST}`, or `reference`.
       */
      mesh?:
        | string
        | {
            /**
             * The host that all tunnels lead to.
             */
            hub: string;
          };
      /**
       * Its access rules: `reference` only. They are compared by what they let through, together with the other rules
       * of the file, whatever way they are written.
       */
      acl?: string;
    };
/**
 * What is wanted of one VM: `reference` (all keys as there), a list of keys (these as there), `present`, `absent`, or
 * values by key.
 *
 * @minItems 1
 * @maxItems 16
 */
export type WantedVm =
  | string
  | ('host' | 'memory' | 'vcpus' | 'source' | 'nics' | 'migration' | 'acl')[]
  | {
      /**
       * Where it runs, or `reference`.
       */
      host?: string;
      /**
       * `128MiB`, or `reference`.
       */
      memory?: string;
      /**
       * Its CPUs. A number, `reference`, or `{atLeast: …, atMost: …}`.
       */
      vcpus?:
        | number
        | string
        | {
            /**
             * Not less than this.
             */
            atLeast?: number;
            /**
             * Not more than this.
             */
            atMost?: number;
          };
      /**
       * `image: micro`, `domain: NAME`, or `reference`.
       */
      source?: string;
      /**
       * NICs that it has, each found by what is written of it; or `reference`: just those of the reference, in any
       * order, and with the same `allow`.
       *
       * @minItems 1
       * @maxItems 64
       */
      nics?: string | WantedNic[];
      /**
       * Strategy, bandwidth and timeout: `reference` only.
       */
      migration?: string;
      /**
       * Its access rules: `reference` only. They are compared by what they let through, together with the other rules
       * of the file, whatever way they are written.
       */
      acl?: string;
    };

/**
 * What `vxmig grade FILE --rubric RUBRIC` looks at, and what it counts.
 */
export interface RubricFile {
  /**
   * Version of this file format: 1.
   */
  version: 1;
  /**
   * Name of the exercise. Default: `grade`.
   */
  name?: string;
  /**
   * Topology file that expected values are taken from; a path from this file's directory.
   */
  reference?: string;
  /**
   * A file of the same format with further checks; a path from this file's directory. It has `version` and `checks`
   * only.
   */
  hidden?: string;
  /**
   * The checks, by name, in the order in which they are told. Names are no secret, of hidden checks neither.
   */
  checks: {
    [k: string]: Check;
  };
}
/**
 * One check: what is looked at (just one of `topology`, `bridge`, `reach`, … ) and what it counts.
 */
export interface Check {
  /**
   * What people call it. Default: its name.
   */
  title?: string;
  /**
   * Points for passing, in steps of 0.01. Default: 1; 0 for a warning and for `visibility: hidden`.
   */
  points?: number;
  partial?: PartialCredit;
  /**
   * Checks without whose full passing this one is skipped.
   *
   * @minItems 1
   * @maxItems 256
   */
  needs?: string | string[];
  retry?: Retry;
  /**
   * Having passed, it must go on to pass for this time: `5s`. For what may only not have come yet. Default: one look is
   * enough.
   */
  hold?: string;
  /**
   * A negative check: none of its facts may hold.
   */
  not?: boolean;
  /**
   * Told to the student when it fails.
   */
  hint?: string;
  /**
   * Who sees it when, as Gradescope has it. Default: `visible`; in a file of hidden checks `after_published`. A
   * `hidden` one is never shown and gives no points.
   */
  visibility?: 'visible' | 'after_due_date' | 'after_published' | 'hidden';
  /**
   * `error` (default), or `warning`: told, but no points hang on it.
   */
  level?: 'error' | 'warning';
  /**
   * Whether the output says what was expected besides what was seen. Default: true.
   */
  showExpected?: boolean;
  topology?: TopologyWanted;
  bridge?: BridgeWanted;
  port?: PortWanted;
  tunnel?: TunnelWanted;
  fdb?: FdbWanted;
  reach?: ReachWanted;
  isolated?: IsolatedWanted;
  mtu?: MtuWanted;
  migrate?: MigrateWanted;
  command?: CommandWanted;
  packet?: PacketWanted;
  trace?: TraceWanted;
  verify?: VerifyWanted;
}
/**
 * So much credit up to so many.
 */
export interface CountBand {
  /**
   * Up to and including this.
   */
  upTo: number;
  /**
   * Share of the points, more than 0, at most 1.
   */
  credit: number;
}
/**
 * So much credit up to this time.
 */
export interface TimeBand {
  /**
   * Up to and including this.
   */
  upTo: string;
  /**
   * Share of the points, more than 0, at most 1.
   */
  credit: number;
}
/**
 * A NIC, by what is known of it.
 */
export interface WantedNic {
  /**
   * The network that it is in.
   */
  network: string;
  /**
   * Its MAC address.
   */
  mac?: string;
  /**
   * Its address with prefix length, or both.
   *
   * @minItems 1
   * @maxItems 2
   */
  address?: string | string[];
}
/**
 * A probe, by what is known of it.
 */
export interface WantedProbe {
  /**
   * Who watches.
   */
  from: string;
  /**
   * The VM that is watched.
   */
  to: string;
  /**
   * Time from one ping to the next.
   */
  interval?: string;
}
/**
 * A network's bridge is there.
 */
export interface BridgeWanted {
  /**
   * The network.
   */
  network: string;
  /**
   * A host or a list of hosts. Default: every host of the reference topology, or of the student's where there is none.
   *
   * @minItems 1
   * @maxItems 256
   */
  on?: string | string[];
}
/**
 * A VM's tap is in its network's bridge and has an OpenFlow port.
 */
export interface PortWanted {
  /**
   * The VM.
   */
  vm: string;
  /**
   * Of which NIC. Default: of all.
   */
  network?: string;
  /**
   * The host. Default: where the topology has the VM.
   */
  on?: string;
}
/**
 * A VXLAN tunnel: its VNI and its far end. Expected values are computed from the reference topology, or from the
 * student's where there is none.
 */
export interface TunnelWanted {
  /**
   * The network.
   */
  network: string;
  /**
   * The host that it leads from. Default: all.
   */
  from?: string;
  /**
   * The host that it leads to. Default: all that the mesh joins.
   */
  to?: string;
  /**
   * The VNI on the wire: a number; `reference`; `submission`: whichever the student's own file gives the network;
   * `any`. Default: `reference`, and with `not`, `any`: then there must be no tunnel whatever its VNI.
   */
  vni?: number | string;
  /**
   * Just these and no others: the bridge has no tunnel to a host that the mesh does not join, such as one that makes a
   * star a mesh. Default: true, but false where `to` names one tunnel.
   */
  exactly?: boolean;
}
/**
 * A host's forwarding table knows a VM at the right place.
 */
export interface FdbWanted {
  /**
   * The network.
   */
  network: string;
  /**
   * The VM whose MAC is looked up.
   */
  vm: string;
  /**
   * A host or a list of hosts. Default: every host of the reference topology, or of the student's where there is none.
   *
   * @minItems 1
   * @maxItems 256
   */
  on?: string | string[];
  /**
   * The host that the entry must lead to. Default: where the topology has the VM.
   */
  at?: string;
}
/**
 * Pings, or connections, are answered.
 */
export interface ReachWanted {
  /**
   * A host (its probe port) or a VM.
   */
  from: string;
  /**
   * A VM.
   */
  to: string;
  /**
   * The network over which; needed where the two have more than one in common.
   */
  network?: string;
  /**
   * How many pings, or attempts. Default: 5.
   */
  count?: number;
  /**
   * What is answered: pings (`icmp`, the default), or a connection to `port`: it is taken, or refused by the VM itself,
   * which also shows that the frame has come there and an answer back. Hosts and the lab's own guests really try it; of
   * UDP from a VM the switches are asked.
   */
  protocol?: 'icmp' | 'tcp' | 'udp';
  /**
   * Destination port of `protocol: tcp` or `udp`, which need one.
   */
  port?: number;
}
/**
 * Nothing of the sender gets to the receiver, and the sender is shown to be able to send.
 */
export interface IsolatedWanted {
  /**
   * A host (its probe port) or a VM.
   */
  from: string;
  /**
   * A VM.
   */
  to: string;
  /**
   * A VM that the sender does reach: without its answer, silence proves nothing.
   */
  witness: string;
  /**
   * How many pings, or attempts. Default: 5.
   */
  count?: number;
  /**
   * Only this is kept from the receiver. Default: every IP packet between addresses of the two, whatever its protocol,
   * by pings, by the meaning of the rules and by what the switches would do; and ARP where they have no network in
   * common, for in a network ARP is no rule's business.
   */
  protocol?: 'icmp' | 'tcp' | 'udp' | 'arp';
  /**
   * Destination port of `protocol: tcp` or `udp`, which need one.
   */
  port?: number;
}
/**
 * Packets of full size get through without being cut.
 */
export interface MtuWanted {
  /**
   * A host (its probe port).
   */
  from: string;
  /**
   * A VM.
   */
  to: string;
  /**
   * The network over which; needed where the two have more than one in common.
   */
  network?: string;
  /**
   * Size of the IP packet. Default: the network's MTU in the reference topology, or in the student's where there is
   * none.
   */
  bytes?: number;
}
/**
 * A VM is moved, and the move keeps the limits.
 */
export interface MigrateWanted {
  /**
   * The VM.
   */
  vm: string;
  /**
   * The host that it goes to.
   */
  to: string;
  /**
   * How. Default: as the topology says.
   */
  strategy?: 'pre-copy' | 'stop-and-copy' | 'auto-converge' | 'post-copy' | 'hybrid' | 'bounded';
  /**
   * At most so many pings are lost, all probes together.
   */
  lost?: number;
  /**
   * QEMU's downtime is at most this.
   */
  downtime?: string;
  /**
   * After this time at most from the resume every host sends to the new place.
   */
  convergence?: string;
}
/**
 * A command on a lab host prints what a regular expression finds.
 */
export interface CommandWanted {
  /**
   * A host or a list of hosts.
   *
   * @minItems 1
   * @maxItems 256
   */
  on: string | string[];
  /**
   * Program and arguments, each an item; no shell reads them.
   *
   * @minItems 1
   * @maxItems 64
   */
  run: string[];
  /**
   * Regular expression (ECMAScript, flags `m` and `u`) that is looked for in the first 64 KiB of stdout.
   */
  matches: string;
  /**
   * Status that it must end with. Default: 0.
   */
  exit?: number;
  /**
   * Time that it may take. Default: 10s.
   */
  within?: string;
}
/**
 * A packet is seen on the underlay.
 */
export interface PacketWanted {
  /**
   * The host whose underlay link is listened to.
   */
  on: string;
  /**
   * A display filter of tshark, on outer and inner headers: `vxlan.vni == 5001 && icmp`. `{blue.vni}` stands for the
   * VNI that the student's own file gives network blue. Echo requests and replies count only where they belong to pings
   * of `while` that a host sends.
   */
  filter: string;
  while?: PingsMeanwhile;
  /**
   * So many packets. Default: 1.
   */
  atLeast?: number;
  /**
   * How long is listened at most. Default: 10s.
   */
  within?: string;
}
/**
 * Pings that run meanwhile.
 */
export interface PingsMeanwhile {
  /**
   * A host or a VM.
   */
  from: string;
  /**
   * A VM.
   */
  to: string;
}
/**
 * The switches' flows, traced with a frame from one VM to another, bring it there.
 */
export interface TraceWanted {
  /**
   * The VM that sends.
   */
  from: string;
  /**
   * The VM that it is for.
   */
  to: string;
  /**
   * The network over which; needed where the two have more than one in common.
   */
  network?: string;
  /**
   * The host where it must arrive. Default: where the topology has the receiver.
   */
  at?: string;
  /**
   * Of what kind the frame is: of TCP the segment that opens a connection. Default: `icmp`, an echo request; with
   * `not`, a frame of every kind that the rules could tell apart.
   */
  protocol?: 'icmp' | 'tcp' | 'udp' | 'arp';
  /**
   * Destination port of `protocol: tcp` or `udp`, which need one.
   */
  port?: number;
}
/**
 * A part of `vxmig verify`; of `isolation` and `all` also whether VMs that the reference's rules keep apart altogether
 * are kept apart.
 */
export interface VerifyWanted {
  /**
   * Which.
   */
  part: 'all' | 'configuration' | 'ports' | 'vms' | 'tunnels' | 'probes' | 'fdb' | 'isolation';
}
