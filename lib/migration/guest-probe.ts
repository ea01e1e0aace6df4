import { readBusyboxPing } from '../measure/busybox-ping.js';
import { PATIENCE_MS } from '../measure/ping.js';
import { VxmigError } from '../model/errors.js';
import type { MigrationContext, RunningProbe } from './context.js';
import type { Follower, GuestPingRequest } from './needs.js';

const GUEST_UP_TIMEOUT_MS = 20_000;

/** The guest's clock minus ours. */
type Offset = number;

/**
 * Pings from inside one of the lab's guests. What they saw is read at the end: then the guest has waited for the last
 * reply as long as a reply may take. Its clock is asked before and after: that of a guest that moves stands still
 * while it is paused.
 */
export async function startGuestProbe(context: MigrationContext, probe: RunningProbe): Promise<Follower> {
  const request = requestOf(probe);
  await startWhenUp(probe, request, context.signal);
  const before = (await readLog(probe, request)).offset;
  let ended = false;
  return {
    stop: async () => {
      if (ended) return;
      ended = true;
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      await probe.host.guestPing(request, 'stop');
      const { text, offset: after } = await readLog(probe, request);
      const { stoppedAtMs } = context;
      const moves = probe.guest?.vm === context.vm.name && stoppedAtMs !== null;
      const toMs = (guestMs: number) => {
        const early = guestMs - before;
        return moves && early > stoppedAtMs ? guestMs - after : early;
      };
      probe.events.push(...readBusyboxPing(text, toMs));
    },
  };
}

/** A guest that was started a moment ago may not serve yet. */
async function startWhenUp(probe: RunningProbe, request: GuestPingRequest, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + GUEST_UP_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await probe.host.guestPing(request, 'start');
    } catch (cause) {
      if (performance.now() < deadline) continue;
      throw new VxmigError(
        'HOST_UNFIT',
        `the guest ${probe.from} (${request.guestAddress}) cannot be asked to ping ${probe.to}`,
        {
          where: probe.from,
          hint: 'Only the lab’s own guest (`image: micro`) can; its serial console is in /var/log/libvirt/qemu on its host.',
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

async function readLog(probe: RunningProbe, request: GuestPingRequest): Promise<{ text: string; offset: Offset }> {
  const askedMs = Date.now();
  const text = await probe.host.guestPingLog(request);
  const answeredMs = Date.now();
  const nowMs = Number(/^now (\d+\.\d+)$/m.exec(text)?.[1] ?? Number.NaN) * 1000;
  if (!Number.isFinite(nowMs)) throw new Error(`the guest ${probe.from} did not tell its time`);
  return { text, offset: nowMs - (askedMs + answeredMs) / 2 };
}
