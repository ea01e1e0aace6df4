import { readFileSync } from 'node:fs';
import type { HostShell } from './connection.js';

export type Acceleration = 'kvm' | 'tcg';

export interface GuestBoot {
  readonly ready: boolean;
  readonly durationMs: number;
  /** The last line that QEMU or the guest printed, where it did not get ready. */
  readonly last: string;
}

const LIMIT_SECONDS = 20;

const SCRIPT = readFileSync(new URL('../../../lib/host/guest-boot.sh', import.meta.url), 'utf8');

/**
 * Boots the lab's small guest for as long as it takes to get ready: /dev/kvm can be there, be opened, and still no
 * guest ever runs.
 * @throws VxmigError SSH_CONNECT, CommandError
 */
export async function bootGuest(shell: HostShell, acceleration: Acceleration): Promise<GuestBoot> {
  const since = performance.now();
  const { stdout } = await shell.run(['sh', '-s', '--', acceleration, String(LIMIT_SECONDS)], { stdin: SCRIPT });
  const last = stdout.trim();
  return { ready: last === 'ready', durationMs: performance.now() - since, last: last === 'ready' ? '' : last };
}
