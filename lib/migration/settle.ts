import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationJob, VmSight } from '../compute/driver.js';
import { DriverError } from '../compute/driver-error.js';
import type { HostParts } from './host-parts.js';
import type { Run } from './migration.js';
import type { Whereabouts } from './outcome.js';
import { until } from './until.js';
import { isSame } from './whereabouts.js';

/**
 * libvirt takes half a minute to notice that the other end is gone (qemu.conf, keepalive_interval and keepalive_count).
 */
const CANCEL_TIMEOUT_MS = 45_000;
const CANCEL_AGAIN_MS = 1_000;
/**
 * A driver's daemon that died is back by then where somebody looks after it, and the VM may stand still until it is
 * asked.
 */
const SILENCE_MS = 15_000;
/**
 * While libvirt connects to a destination that nothing reaches any more, it answers nobody who asks for that domain,
 * until the kernel gives up: with net.ipv4.tcp_syn_retries at 6, its default, after 127 s (tcp(7)). The VM runs on all
 * the while.
 */
const HANG_MS = 150_000;

type Settled = Pick<Run, 'source' | 'destination' | 'domain' | 'switchover'>;

/**
 * Calls the migration off and makes sure that the VM runs at one host: where it was, unless that comes too late.
 *
 * @param job null: none has begun
 * @param id by which the VM is the same; left out: any of that name is it
 * @throws DriverError where one of the two ends has not answered for a while: nothing has been touched then
 */
export async function cancelAndSettle(run: Settled, job: MigrationJob | null, id = ''): Promise<Whereabouts> {
  const { source, domain } = run;
  if (job === null) return 'source';
  const beganAtMs = performance.now();
  const isPast = (limitMs: number) => performance.now() - beganAtMs > limitMs;
  let limitMs = CANCEL_TIMEOUT_MS;
  do {
    try {
      // Again and again: a job that has not begun yet cannot be called off.
      await source.vms.cancel(domain);
      await until(() => job.isOver, CANCEL_AGAIN_MS);
      if (await isOver(run, job)) return await settle(run, id);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const hangs = error.kind === 'silent';
      if (isPast(hangs ? HANG_MS : SILENCE_MS)) throw error;
      if (hangs) limitMs = HANG_MS;
      await sleep(CANCEL_AGAIN_MS);
    }
  } while (!isPast(limitMs));
  return 'unknown';
}

/** Who asked for it may have been killed, and the driver goes on without. */
async function isOver({ source, destination, domain }: Settled, job: MigrationJob): Promise<boolean> {
  if (!job.isOver) return false;
  return !(await Promise.all([source, destination].map(({ vms }) => vms.hasJob(domain)))).includes(true);
}

/**
 * No job will change anything any more. What is left standing still is made to run, once: at the source where that has
 * it, for its memory is whole there unless it is torn. Then what is paused at the destination has never run, and is
 * removed before.
 */
async function settle(run: Settled, id: string): Promise<Whereabouts> {
  const { source, destination, domain, switchover } = run;
  const [here, there] = await Promise.all([aliveAt(source, domain, id), aliveAt(destination, domain, id)]);
  // What has been changed there is not here, and what has not been fetched is not there.
  const isTorn = switchover.state.tornSinceMs !== null;
  if (isTorn && here === 'paused' && there === 'paused') return 'both';
  if (there === 'running') return here === 'running' ? 'both' : 'destination';
  if (here === null) {
    if (there === null) return 'unknown';
    await destination.vms.resume(domain);
    return 'destination';
  }
  if (there !== null) await removeAt(destination, domain, id);
  if (here !== 'running') await source.vms.resume(domain);
  return 'source';
}

/** The driver may be about to do the same. */
async function removeAt(host: HostParts, domain: string, id: string): Promise<void> {
  try {
    await host.vms.stop(domain);
  } catch (error) {
    if ((await aliveAt(host, domain, id)) !== null) throw error;
  }
  if ((await itsSight(host, domain, id)) !== null) await host.vms.forget(domain);
}

/** Its state where it has a memory; null: it has none. */
async function aliveAt(host: HostParts, domain: string, id: string): Promise<string | null> {
  const seen = await itsSight(host, domain, id);
  return seen?.isAlive === true ? seen.state : null;
}

/** null: none is known there, or another VM of that name, which is not to be touched. */
async function itsSight(host: HostParts, domain: string, id: string): Promise<VmSight | null> {
  const seen = await host.vms.look(domain);
  return seen !== null && isSame(seen.id, id) ? seen : null;
}
