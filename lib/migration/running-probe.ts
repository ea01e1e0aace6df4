import type { PingEvent } from '../measure/ping-stream.js';
import type { HostParts } from './host-parts.js';

/** A ping that runs, and what has come of it. */
export interface RunningProbe {
  readonly from: string;
  readonly to: string;
  /** The host that pings, or that asks the guest which does. */
  readonly host: HostParts;
  readonly network: string;
  readonly address: string;
  readonly intervalMs: number;
  /** The guest that pings; null: the host does. */
  readonly guest: { readonly vm: string; readonly address: string } | null;
  readonly events: PingEvent[];
  /** How far a guest's clock can be off against that of `host`; 0 for a host's own pings. */
  clockErrorMs: number;
}
