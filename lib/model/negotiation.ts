import type { CopyStorage } from './disk-copy.js';

/** What was said before a VM moved; as `migrate --json` prints it, in this order. */
export interface NegotiationStep {
  readonly step: 'request' | 'configuration' | 'begin';
  /** Who answers. */
  readonly host: string;
  readonly ok: boolean;
  /** Why it refuses; of one that agrees, what may not work all the same. Empty: nothing of the kind. */
  readonly why: string;
  /** Each by its feature; empty where it agrees. */
  readonly reasons: readonly RefusedFeature[];
  /** With `configuration`: what was proposed. */
  readonly configuration?: Configuration;
}

/** `request taken`, or `configuration refused: memory: …` */
export function negotiationText({ step, ok, why }: Pick<NegotiationStep, 'step' | 'ok' | 'why'>): string {
  return `${step} ${ok ? 'taken' : 'refused'}${why === '' ? '' : `${ok ? ' (' : ': '}${why}${ok ? ')' : ''}`}`;
}

/** A feature that two ends do not agree on. */
export interface RefusedFeature {
  readonly feature: string;
  /** What the VM, or the move, asks for. */
  readonly wanted: string;
  /** What the end that refuses has instead. */
  readonly has: string;
  /** Both in a sentence, with the hosts' names. */
  readonly why: string;
  readonly fix: string;
}

/** How a VM is to be moved, and what is set aside for it. */
export interface Configuration {
  readonly strategy: string;
  /** Where the memory is sent; null: it was not looked at. */
  readonly transport: { readonly address: string; readonly port: number } | null;
  readonly machine: string;
  readonly emulator: string;
  /** `kvm`, or `qemu` for TCG. */
  readonly acceleration: string;
  /** Its mode or model, and what is asked for beyond that. */
  readonly cpu: string;
  /** Of the largest packet between the VTEPs. */
  readonly mtuBytes: number;
  readonly datapath: { readonly from: string; readonly to: string };
  /** What the destination sets aside. */
  readonly memoryBytes: number;
  /** Disks that come along, with their size as the guest sees it. */
  readonly disks: readonly { readonly target: string; readonly bytes: number; readonly copied: CopyStorage }[];
}
