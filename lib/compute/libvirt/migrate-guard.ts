import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { HostShell } from '../../host/connection.js';
import { ARRIVING_NAMESPACE } from '../../model/domain-marks.js';
import { shellWord } from '../../model/quote.js';

/** What runs beside virsh at the source, and why, is told there. */
const SCRIPT = readFileSync(new URL('../../../../lib/compute/libvirt/migrate-guard.sh', import.meta.url), 'utf8');

export interface MigrateGuardSettings {
  readonly beatMs: number;
  /**
   * A controller that has not been heard for so long is gone, or hangs, or cannot be reached: the migration is given
   * up.
   */
  readonly leaseSeconds: number;
  /** How often the source's QEMU is looked at. */
  readonly lookSeconds: number;
  /**
   * A virsh that has not answered by then is not waited for: where another job holds the domain it ends with the
   * migration.
   */
  readonly answerSeconds: number;
  /** So long somebody whom nobody controls any more tries to reach the destination. */
  readonly wakeSeconds: number;
  /** Where libvirt keeps a domain's `NAME.pid` (stateDir of its src/qemu/qemu_conf.c). */
  readonly pidDirectory: string;
  readonly procDirectory: string;
}

/** One look costs 50 µs. */
const SETTINGS: MigrateGuardSettings = {
  beatMs: 4_000,
  leaseSeconds: 20,
  lookSeconds: 0.005,
  answerSeconds: 3,
  wakeSeconds: 120,
  pidDirectory: '/run/libvirt/qemu',
  procDirectory: '/proc',
};

/** `virsh migrate` under way. */
export interface GuardedJob {
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
  readonly isOver: boolean;
  /** Cuts the connections by which disks are copied, of a job that is called off and does not end. */
  sever(): void;
}

/**
 * Runs `virsh migrate …` at the source; it is given up when we are gone. Before this resolves nobody may change the
 * VM's limits.
 *
 * @param wakeAt the destination's libvirt, where the guest arrives paused; null: it is libvirt that lets it run
 * @param copiesTo the address to which disks are copied; null: none is
 * @param settings for tests, which have no 20 s to wait
 */
export async function guardMigrate(
  shell: HostShell,
  domain: string,
  argv: readonly string[],
  wakeAt: string | null,
  copiesTo: string | null,
  settings: MigrateGuardSettings = SETTINGS,
): Promise<GuardedJob> {
  const conversation = await shell.converse([
    'bash',
    '-c',
    SCRIPT,
    'bash',
    domain,
    shellWord(domain),
    wakeAt ?? '',
    String(settings.leaseSeconds),
    String(settings.lookSeconds),
    String(settings.answerSeconds),
    String(settings.wakeSeconds),
    settings.pidDirectory,
    settings.procDirectory,
    ARRIVING_NAMESPACE,
    copiesTo ?? '',
    ...argv,
  ]);
  const ready = once(conversation, 'text');
  const beats = setInterval(() => conversation.say('beat\n'), settings.beatMs);
  let isOver = false;
  void conversation.ended.then(() => {
    clearInterval(beats);
    isOver = true;
  });
  await Promise.race([ready, conversation.ended]);
  return {
    ended: conversation.ended,
    get isOver() {
      return isOver;
    },
    sever: () => conversation.say('sever\n'),
  };
}
