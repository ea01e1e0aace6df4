import type { HostShell } from '../host/connection.js';
import type { GuestPing, GuestPingRequest, Observer, PingRequest } from '../measure/observer.js';
import { type PingEvent, PingStream } from '../measure/ping-stream.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { probePortName } from '../model/names.js';
import { measureClock, measureGuestClock } from './host-clock.js';
import { followPing, guestPing, guestPingLog } from './pings.js';

/** What one host sees, over SSH. */
export class HostObserver implements Observer {
  readonly host: string;
  readonly #guestPings = new Map<string, { users: number; readonly begun: Promise<void> }>();

  constructor(
    private readonly shell: HostShell,
    private readonly topology: string,
  ) {
    this.host = shell.name;
  }

  async measureClock(): Promise<ClockOffset> {
    return await measureClock(this.shell);
  }

  async followPing(request: PingRequest, onEvent: (event: PingEvent) => void): Promise<{ stop(): Promise<void> }> {
    return await followPing(this.shell, this.#port(request.network), request, onEvent);
  }

  /** The guest answers one request for each address: several runs that watch the same way share it. */
  async guestPing(request: GuestPingRequest): Promise<GuestPing> {
    const port = this.#port(request.network);
    const key = `${request.guestAddress} ${request.address} ${request.intervalMs}`;
    const shared = this.#guestPings.get(key) ?? { users: 0, begun: guestPing(this.shell, port, request, 'start') };
    this.#guestPings.set(key, shared);
    shared.users += 1;
    const leave = () => {
      shared.users -= 1;
      if (shared.users === 0) this.#guestPings.delete(key);
      return shared.users === 0;
    };
    await shared.begun.catch((error: unknown) => {
      leave();
      throw error;
    });
    const stream = new PingStream();
    let readBytes = 0;
    return {
      read: async () => {
        const text = await guestPingLog(this.shell, port, request, readBytes);
        readBytes += text.length;
        return stream.push(text);
      },
      stop: async () => {
        if (leave()) await guestPing(this.shell, port, request, 'stop');
      },
    };
  }

  async guestClock({ network, guestAddress }: GuestPingRequest): Promise<ClockOffset> {
    return await measureGuestClock(this.shell, this.#port(network), guestAddress);
  }

  /** The namespace of the host's own port in the network. */
  #port(network: string): string {
    return probePortName(this.topology, network, this.host);
  }
}
