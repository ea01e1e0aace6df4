import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../model/domain-state.js';
import { CommandError } from '../model/errors.js';
import type { MigrationContext } from './context.js';
import type { DomainSeen, MigrationHost } from './needs.js';
import type { Whereabouts } from './stage.js';
import { until } from './until.js';
import { isSame } from './whereabouts.js';

/** libvirt takes half a minute to notice that the other end is gone (qemu.conf, keepalive_interval and keepalive_count). */
const ABORT_TIMEOUT_MS = 45_000;
const ABORT_AGAIN_MS = 1_000;
/** A libvirtd that died is back by then where somebody looks after it, and the VM may stand still until it is asked. */
const SILENCE_MS = 15_000;
/**
 * While libvirt connects to a destination that nothing reaches any more, it answers nobody who asks for that domain, until the kernel gives up: with
 * net.ipv4.tcp_syn_retries at 6, its default, after 127 s (tcp(7)). The VM runs on all the while.
 */
const HANG_MS = 150_000;

/**
 * Stops the migration and makes sure that the VM runs at one host: where it was, unless that comes too late.
 *
 * @throws CommandError where libvirt at one of the two ends has not answered for a while: nothing has been touched then
 */
export async function abort(context: MigrationContext): Promise<Whereabouts> {
  const { command, source, domain } = context;
  if (command === null) return 'source';
  const beganAtMs = performance.now();
  const isPast = (limitMs: number) => performance.now() - beganAtMs > limitMs;
  let limitMs = ABORT_TIMEOUT_MS;
  do {
    try {
      // Again and again: a job that libvirt has not begun yet cannot be aborted.
      await source.abortMigration(domain);
      await until(() => command.isOver, ABORT_AGAIN_MS);
      if (await isOver(context)) return await settle(context);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const hangs = error.exitCode === null;
      if (isPast(hangs ? HANG_MS : SILENCE_MS)) throw error;
      if (hangs) limitMs = HANG_MS;
      await sleep(ABORT_AGAIN_MS);
    }
  } while (!isPast(limitMs));
  return 'unknown';
}

/** The command may have been killed, and libvirt goes on without it. */
async function isOver({ command, source, destination, domain }: MigrationContext): Promise<boolean> {
  if (command?.isOver === false) return false;
  return !(await Promise.all([source, destination].map((host) => host.hasJob(domain)))).includes(true);
}

/**
 * No job of libvirt's will change anything any more. What is left standing still is made to run, once: at the source where that has it, for
 * its memory is whole there unless post-copy has begun. Then what is paused at the destination has never run, and is removed before.
 */
async function settle(context: MigrationContext): Promise<Whereabouts> {
  const { source, destination, domain, options, resumedAtMs } = context;
  const [here, there] = await Promise.all([aliveAt(source, context), aliveAt(destination, context)]);
  // In post-copy what has been changed there is not here, and what has not been fetched is not there.
  const torn = options.strategy === 'post-copy' || resumedAtMs !== null;
  if (torn && here === 'paused' && there === 'paused') return 'both';
  if (there === 'running') return here === 'running' ? 'both' : 'destination';
  if (here === null) {
    if (there === null) return 'unknown';
    await destination.resume(domain);
    return 'destination';
  }
  if (there !== null) await removeAt(destination, context);
  if (here !== 'running') await source.resume(domain);
  return 'source';
}

/** libvirt may be about to do the same. */
async function removeAt(host: MigrationHost, context: MigrationContext): Promise<void> {
  const { domain } = context;
  try {
    await host.destroy(domain);
  } catch (error) {
    if ((await aliveAt(host, context)) !== null) throw error;
  }
  if ((await itsDomain(host, context)) !== null) await host.undefine(domain);
}

/** Its state where it has a memory; null: it has none. */
async function aliveAt(host: MigrationHost, context: MigrationContext): Promise<string | null> {
  const state = (await itsDomain(host, context))?.state;
  return state !== undefined && isAlive(state) ? state : null;
}

/** null: libvirt there knows none, or another VM of that name, which is not to be touched. */
async function itsDomain(host: MigrationHost, { domain, domainXml }: MigrationContext): Promise<DomainSeen | null> {
  const seen = await host.domain(domain);
  return seen !== null && isSame(seen, { xml: domainXml }) ? seen : null;
}
