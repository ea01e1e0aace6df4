import type { Check } from '../model/check.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { Strategy } from '../model/topology.js';

/**
 * What live checks need of the hosts, in the topology's words. Everything rejects where it could not be carried out (a host that does not
 * answer, a program that is missing): what a student's lab does or lacks is an answer, and no rejection.
 */
export interface Eyes {
  /** The bridge on `host` that carries `network`, however it is called; null: there is none. */
  readonly bridge: (host: string, network: string) => Promise<SeenBridge | null>;
  /** Where the bridge of `network` on `host` sends frames for `mac`: a host's name, an address that is no host's, or null: it floods. */
  readonly placeOf: (question: { host: string; network: string; mac: string }) => Promise<string | null>;
  /** An answer for each address of the VM that is called. */
  readonly ping: (question: PingQuestion) => Promise<readonly PingAnswer[]>;
  /** With the pings of those only who are to watch; null: the VM is there already. */
  readonly migrate: (question: {
    vm: string;
    to: string;
    strategy: Strategy | null;
  }) => Promise<MigrationResult | null>;
  /** `argv` is run inside the lab's host as it is; of stdout at most 64 KiB are kept. */
  readonly run: (question: { host: string; argv: readonly string[]; timeoutMs: number }) => Promise<CommandAnswer>;
  /** How many packets on the underlay link of `host` the display filter lets pass until `enough` are seen or the time is over. */
  readonly packets: (question: PacketQuestion) => Promise<number>;
  /** Whither the flows take a frame between two VMs. */
  readonly trace: (question: { from: string; to: string; network: string }) => Promise<TracedWay>;
  /** All that `vxmig verify` says. */
  readonly verify: () => Promise<readonly Check[]>;
}

export interface SeenBridge {
  readonly name: string;
  readonly tunnels: readonly { readonly port: string; readonly vni: number | null; readonly remote: string | null }[];
  /** VMs whose taps are in it with an OpenFlow port. */
  readonly vms: readonly string[];
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

export interface PingAnswer {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
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
  readonly enough: number;
  readonly timeoutMs: number;
}

export interface TracedWay {
  /** Hosts where the frame would be given to the receiver. */
  readonly arrivesAt: readonly string[];
  /** What keeps it from arriving; empty where nothing does. */
  readonly trouble: string;
}
