import type { ClockOffset } from '../model/clock-offset.js';
import type { PingEvent } from './ping-stream.js';

/** What sees, from one host, how others and the guests fare. */
export interface Observer {
  readonly host: string;
  /** How far the host's clock is ahead of ours. */
  measureClock(): Promise<ClockOffset>;
  /** Pings from the host's own port in the network. */
  followPing(request: PingRequest, onEvent: (event: PingEvent) => void): Promise<{ stop(): Promise<void> }>;
  /** Makes one of the lab's own guests ping; asked over the overlay, from this host's port in the network. */
  guestPing(request: GuestPingRequest): Promise<GuestPing>;
  /** How far the guest's clock is ahead of this host's. */
  guestClock(request: GuestPingRequest): Promise<ClockOffset>;
}

export interface PingRequest {
  readonly network: string;
  readonly address: string;
  readonly intervalMs: number;
}

/** A ping from inside a guest. */
export interface GuestPingRequest extends PingRequest {
  /** Where the guest is asked, and where it pings from. */
  readonly guestAddress: string;
}

/** Pings that a guest sends, until they are stopped. */
export interface GuestPing {
  /** What it has seen since the last reading, by the guest's clock. Reading costs the guest time. */
  read(): Promise<readonly PingEvent[]>;
  stop(): Promise<void>;
}
