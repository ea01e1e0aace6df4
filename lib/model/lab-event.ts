/** What building and removing a lab tells while it works. Durations in milliseconds. */
export type LabEvent =
  | {
      readonly kind: 'lab-started';
      readonly lab: string;
      readonly hosts: readonly string[];
      readonly management: string;
    }
  | { readonly kind: 'lab-machine-starting'; readonly lab: string; readonly machine: string }
  | { readonly kind: 'lab-machine-ready'; readonly lab: string; readonly machine: string; readonly durationMs: number }
  /** A machine that was up already, and all of whose daemons answer. */
  | { readonly kind: 'lab-machine-kept'; readonly lab: string; readonly machine: string }
  | {
      readonly kind: 'lab-daemon-started';
      readonly lab: string;
      readonly machine: string;
      readonly daemon: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'lab-warning'; readonly lab: string; readonly warning: LabWarning }
  | { readonly kind: 'lab-up'; readonly lab: string; readonly durationMs: number; readonly changed: boolean }
  | { readonly kind: 'lab-removing'; readonly lab: string; readonly processes: number; readonly interfaces: number }
  | { readonly kind: 'lab-down'; readonly lab: string; readonly durationMs: number; readonly left: readonly string[] };

/** Something that the lab does otherwise than the topology asks, or that is known to end badly. */
export interface LabWarning {
  readonly code:
    | 'qemu-old'
    | 'overlay-unavailable'
    | 'processes-unbounded'
    | 'packet-buffer-small'
    | 'neighbour-table-small'
    | 'delay-unavailable'
    | 'rate-unavailable';
  readonly message: string;
  readonly hint: string;
}
