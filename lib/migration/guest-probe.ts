import type { GuestPingRequest } from '../measure/observer.js';
import { byOtherClock } from '../measure/ping-clock.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Vm } from '../model/topology.js';
import type { Clocks } from './clocks.js';
import type { Journal } from './journal.js';
import type { RunningProbe } from './running-probe.js';
import type { Switchover } from './switchover.js';

const GUEST_UP_TIMEOUT_MS = 20_000;

/** Pings from inside one of the lab's guests. */
export interface GuestProbe {
  /** Reads what the guest has seen since; to be called when the run is over, for reading costs the guest time. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

/** What of a run the pings of guests need. */
export interface GuestWatch {
  readonly vm: Vm;
  readonly signal: AbortSignal;
  readonly clocks: Clocks;
  readonly switchover: Switchover;
  readonly journal: Journal;
}

/**
 * Starts pings inside a guest. Its clock is asked before the run and after it: that of a guest that moves stands still
 * while it is paused. Its instants are told by the controller's clock.
 */
export async function startGuestProbe(run: GuestWatch, probe: RunningProbe): Promise<GuestProbe> {
  const request = requestOf(probe);
  const { observer } = probe.host;
  const { ping, before } = await whenUp(probe, run.signal, async () => ({
    ping: await observer.guestPing(request),
    before: await observer.guestClock(request),
  }));
  let after: ClockOffset | null = null;
  let ended = false;
  const catchUp = async () => {
    if (after === null) {
      after = await observer.guestClock(request);
      noteClocks(run, probe, before, after);
      probe.clockErrorMs = Math.max(before.errorMs, after.errorMs);
    }
    const toMs = controllerClock(run, probe, before, after);
    for (const event of await ping.read()) probe.events.push(byOtherClock(event, toMs));
  };
  /** A guest that has not survived the migration must not keep us from telling so. */
  const reported = async (work: () => Promise<void>) => {
    await work().catch((error: unknown) => {
      const text = `what ${probe.from} saw of ${probe.address} cannot be read: ${messageOf(error)}`;
      run.journal.emit({ kind: 'warning', text });
    });
  };
  return {
    catchUp: () => reported(catchUp),
    stop: async () => {
      if (ended) return;
      ended = true;
      await reported(async () => {
        await ping.stop();
        await catchUp();
      });
    },
  };
}

/** From the guest's clock to the controller's. */
function controllerClock(
  { clocks, switchover, vm }: GuestWatch,
  probe: RunningProbe,
  before: ClockOffset,
  after: ClockOffset,
): (guestMs: number) => number {
  const { stoppedAtMs } = switchover.state;
  const early = (guestMs: number) => clocks.byController(probe.host.name, guestMs - before.offsetMs);
  if (probe.guest?.vm !== vm.name || stoppedAtMs === null) return early;
  const late = (guestMs: number) => clocks.byController(probe.host.name, guestMs - after.offsetMs);
  return (guestMs) => (early(guestMs) > stoppedAtMs ? late(guestMs) : early(guestMs));
}

function noteClocks({ journal }: GuestWatch, probe: RunningProbe, before: ClockOffset, after: ClockOffset): void {
  const text = ({ offsetMs, errorMs }: ClockOffset) => `${offsetMs.toFixed(1)} ms (±${errorMs.toFixed(1)})`;
  const ahead = `the clock of ${probe.from} is ahead of that of ${probe.host.name} by`;
  journal.note(probe.host.name, Date.now(), `${ahead} ${text(after)}, before the run by ${text(before)}`);
}

/** A guest that was started a moment ago may not serve yet. */
async function whenUp<T>(probe: RunningProbe, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + GUEST_UP_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (cause) {
      if (performance.now() < deadline) continue;
      throw new VxmigError(
        'HOST_UNFIT',
        `the guest ${probe.from} (${probe.guest?.address}) cannot be asked to ping ${probe.to}`,
        {
          where: probe.from,
          hint:
            'Only the lab’s own guest (`image: micro`) can; its serial console is in ' +
            '/var/log/libvirt/qemu on its host.',
          cause,
        },
      );
    }
  }
}

function requestOf(probe: RunningProbe): GuestPingRequest {
  const { network, address, intervalMs, guest } = probe;
  if (guest === null) throw new Error(`the probe from ${probe.from} is not a guest's`);
  return { network, address, intervalMs, guestAddress: guest.address };
}
