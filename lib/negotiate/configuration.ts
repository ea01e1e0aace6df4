import { cpuText } from '../model/defined-cpu.js';
import type { Configuration } from '../model/negotiation.js';
import type { Offers } from './offer.js';
import type { Request } from './request.js';

/** What is proposed to both ends once the request was taken: how it is to be done, and what is set aside for it. */
export interface Proposal {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly strategy: string;
  /** Of the strategy, beyond what every migration needs. */
  readonly needs: readonly string[];
  readonly memory: {
    readonly neededBytes: number;
    readonly guestBytes: number;
    /** To VMs that come at the same time. */
    readonly promisedBytes: number;
  };
  /** null: it was not looked at. */
  readonly transport: Transport | null;
  readonly disks: Configuration['disks'];
  /** How far the destination's clock is ahead of the source's; null: they were not compared. */
  readonly clock: { readonly aheadMs: number; readonly errorMs: number } | null;
}

/** Where the memory is sent. */
export interface Transport {
  readonly address: string;
  /** The port that libvirt there would take next. */
  readonly port: number;
  /** From which it chooses. */
  readonly first: number;
  readonly last: number;
  /** What came in place of an answer from that port; null: it can be reached. */
  readonly silence: string | null;
}

export function configurationOf(
  request: Request,
  offers: Offers,
  { strategy, transport, memory, disks }: Proposal,
): Configuration {
  const { machine, emulator, acceleration, cpu, path } = request;
  return {
    strategy,
    transport: transport === null ? null : { address: transport.address, port: transport.port },
    machine,
    emulator,
    acceleration,
    cpu: cpuText(cpu),
    mtuBytes: path.bytes,
    datapath: { from: offers.source.datapath, to: offers.destination.datapath },
    memoryBytes: memory.neededBytes,
    disks,
  };
}
