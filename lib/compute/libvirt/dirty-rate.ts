import { setTimeout as sleep } from 'node:timers/promises';
import type { HostShell } from '../../host/connection.js';
import { shellWord } from '../../model/quote.js';

const MIB = 1024 * 1024;
const SECONDS = 1;
/** QEMU needs a moment besides the time that it looks. */
const MARGIN_MS = 300;

/**
 * What a guest writes, in bytes per second, as QEMU samples its pages for a second (qapi/migration.json,
 * calc-dirty-rate). null: this libvirt or QEMU cannot tell. The guest runs on meanwhile.
 */
export async function dirtyRate(shell: HostShell, domain: string): Promise<number | null> {
  const virsh = ['virsh', '-q', '-c', 'qemu:///system'];
  const begun = await shell.run([...virsh, 'domdirtyrate-calc', '--domain', domain, '--seconds', String(SECONDS)], {
    accept: [0, 1],
  });
  if (begun.exitCode !== 0) return null;
  await sleep(SECONDS * 1000 + MARGIN_MS);
  const { stdout, exitCode } = await shell.run([...virsh, `domstats --dirtyrate --domain ${shellWord(domain)}`], {
    accept: [0, 1],
  });
  return exitCode === 0 ? parseDirtyRate(stdout) : null;
}

/** `dirtyrate.calc_status` is 2 where it has been measured (virDomainDirtyRateStatus, libvirt-domain.h). */
export function parseDirtyRate(text: string): number | null {
  if (!/^\s*dirtyrate\.calc_status=2\s*$/m.test(text)) return null;
  const found = /^\s*dirtyrate\.megabytes_per_second=(\d+)\s*$/m.exec(text);
  return found === null ? null : Number(found[1]) * MIB;
}
