import type { Check } from '../model/check.js';
import type { Encapsulation } from '../model/encapsulation.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { StrategyName } from '../model/topology.js';

/**
 * What live checks need of the hosts, in the topology's words. Everything rejects where it could not be carried out (a
 * host that does not answer, a program that is missing): what a student's lab does or lacks is an answer, and no
 * rejection.
 */
export interface Eyes {
  /** The bridge on `host` that carries `network`, however it is called; null: there is none. */
  readonly bridge: (host: string, network: string) => Promise<SeenBridge | null>;
  /**
   * Where the bridge of `network` on `host` sends frames for `mac`: a host's name, an address that is no host's, or
   * null: it floods.
   */
  readonly placeOf: (question: { host: string; network: string; mac: string }) => Promise<string | null>;
  /** An answer for each address of the VM that is called. */
  readonly ping: (question: PingQuestion) => Promise<readonly PingAnswer[]>;
  /**
   * Connections, likewise: answered is what is taken, or refused by the VM itself. null: the sender cannot be told to
   * try.
   */
  readonly connect: (question: ConnectQuestion) => Promise<readonly PingAnswer[] | null>;
  /** With the pings of those only who are to watch; null: the VM is there already. */
  readonly migrate: (question: {
    vm: string;
    to: string;
    strategy: StrategyName | null;
  }) => Promise<MigrationResult | null>;
  /** `argv` is run inside the lab's host as it is; of stdout at most 64 KiB are kept. */
  readonly run: (question: { host: string; argv: readonly string[]; timeoutMs: number }) => Promise<CommandAnswer>;
  /**
   * How many packets on the underlay link of `host` the display filter lets pass until `enough` are seen or the time is
   * over.
   */
  readonly packets: (question: PacketQuestion) => Promise<number>;
  /**
   * Whither the flows would take frames from a VM, or a host's port, to a VM: a way for each family, and each kind of
   * traffic.
   */
  readonly trace: (question: TraceQuestion) => Promise<readonly TracedWay[]>;
  /** All that `vxmig verify` says. */
  readonly verify: () => Promise<readonly Check[]>;
}

export interface SeenBridge {
  readonly name: string;
  readonly tunnels: readonly SeenTunnel[];
  /** VMs whose taps are in it with an OpenFlow port. */
  readonly vms: readonly string[];
}

export interface SeenTunnel {
  readonly port: string;
  readonly encapsulation: Encapsulation;
  /** null: each flow says which, or whither. */
  readonly vni: number | null;
  readonly remote: string | null;
}

export interface PingQuestion {
  readonly from: string;
  readonly to: string;
  /** In which it is sent; null: the first that both are in. The receiver need not be in it. */
  readonly network: string | null;
  readonly count: number;
  /** Size of the IP packet, which must not be cut on the way; null: a small one. */
  readonly bytes: number | null;
}

export interface ConnectQuestion extends Pick<PingQuestion, 'from' | 'to' | 'network' | 'count'> {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

export interface PingAnswer {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
  /** Why answers are not taken for the VM's; absent where nothing speaks against them. */
  readonly doubt?: string;
}

export interface CommandAnswer {
  /** null: it was stopped when its time was over. */
  readonly exit: number | null;
  readonly stdout: string;
}

export interface PacketQuestion {
  readonly host: string;
  readonly filter: string;
  readonly meanwhile: { readonly from: string; readonly to: string } | null;
  /** Of echo requests and replies only those that belong to pings which go on meanwhile: others may be anybody's. */
  readonly onlyOwn: boolean;
  readonly enough: number;
  readonly timeoutMs: number;
}

export interface TraceQuestion {
  readonly from: string;
  readonly to: string;
  /** In which it is sent. The receiver need not be in it. */
  readonly network: string;
  /** null: every kind that access rules could tell apart, and ARP where the receiver is not in the network. */
  readonly traffic: Traffic | null;
}

/** Of TCP the segment that opens a connection, of ICMP an echo request. */
export interface Traffic {
  readonly protocol: 'icmp' | 'tcp' | 'udp' | 'arp' | 'other';
  /** Of TCP and UDP. */
  readonly port: number | null;
}

export interface TracedWay {
  /** `tcp port 80`, `icmp over IPv6` */
  readonly frame: string;
  readonly protocol: Traffic['protocol'];
  /**
   * The rules of the file deny it; null: they have no say, for the flows are not vxmig's, or the two are in no network
   * together.
   */
  readonly denied: boolean | null;
  /** Hosts where the frame would be given to the receiver. */
  readonly arrivesAt: readonly string[];
  /** What keeps it from arriving; empty where nothing does. */
  readonly trouble: string;
}
