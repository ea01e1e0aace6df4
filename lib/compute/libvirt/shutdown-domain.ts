import { readFileSync } from 'node:fs';
import type { HostShell } from '../../host/connection.js';
import { CommandError } from '../../model/errors.js';
import { formatMs } from '../../model/quantities.js';
import { consoleLog } from '../../plan/domain-xml.js';
import { destroyDomain } from './virsh.js';

const SCRIPT = readFileSync(new URL('../../../../lib/compute/libvirt/shutdown-domain.sh', import.meta.url), 'utf8');
/** systemd gives a service as long to stop before it kills it (systemd-system.conf(5), DefaultTimeoutStopSec=). */
const QUIET_MS = 90_000;
/** Three such services, one after the other, and what else there is to do. */
const MOST_MS = 300_000;

/**
 * Has a guest shut itself down, so that what it has not written yet comes to its disks; one that does not is powered
 * off. @returns a sentence where that had to be @throws CommandError
 */
export async function shutDownDomain(shell: HostShell, domain: string): Promise<string | null> {
  const limits = [QUIET_MS, MOST_MS].map((limit) => String(limit / 1000));
  const argv = ['sh', '-s', '--', domain, consoleLog(domain), ...limits];
  const { stdout } = await shell.run(argv, { stdin: SCRIPT, timeoutMs: MOST_MS + 60_000 });
  if (stdout.trim() === 'off') return null;
  try {
    await destroyDomain(shell, domain);
  } catch (error) {
    // In the last moment.
    if (error instanceof CommandError && /domain is not running/.test(error.message)) return null;
    throw error;
  }
  return (
    `${domain} on ${shell.name} has not shut itself down (waited for ${formatMs(QUIET_MS)} after its console’s last ` +
    `line, ${formatMs(MOST_MS)} at most), and was powered off: its disks are as after a power failure`
  );
}
