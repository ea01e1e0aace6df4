import { setTimeout as sleep } from 'node:timers/promises';
import type { HostShell } from '../../host/connection.js';
import { messageOf } from '../../model/errors.js';
import { shellLine } from '../../model/quote.js';
import type { MigrationRequest } from '../driver.js';
import { observeLibvirtErrors } from './libvirt-log.js';

/** The rest is in the logs. */
const MOST_CAUSES = 3;
/** The guest may stand still until it is settled where it is: a host that is away must not hold that up. */
const LOG_LIMIT_MS = 3_000;
/** A clock that is asked twice, and a log whose lines are written late. */
const MARGIN_MS = 100;

export interface MigrationEnds {
  readonly domain: string;
  readonly source: HostShell;
  readonly destination: HostShell;
}

export interface FailedCommand extends Pick<MigrationRequest, 'clocks' | 'note'> {
  readonly stderr: string;
  /** By the controller's clock. */
  readonly beganAtMs: number;
}

/**
 * What virsh has said of a migration that failed, and what libvirt and QEMU have written down at both ends: peer to
 * peer, half of it gets lost on the way.
 */
export async function failureText(ends: MigrationEnds, command: FailedCommand): Promise<string> {
  const { source, destination, domain } = ends;
  const said = command.stderr.trim() || 'it said nothing';
  const [there, here] = await Promise.all([errorsOf(destination, domain, command), errorsOf(source, domain, command)]);
  const known = new Set<string>();
  const causes = [
    ...there.map((text) => ({ host: destination.name, text })),
    ...here.map((text) => ({ host: source.name, text })),
  ].filter(({ text }) => {
    // Each end repeats what the other has told it, with words of its own before it.
    const repeated = said.includes(text) || [...known].some((other) => other.includes(text) || text.includes(other));
    known.add(text);
    return !repeated;
  });
  const words = causes.slice(0, MOST_CAUSES).map(({ host, text }) => `; libvirt on ${host}: ${text}`);
  return `virsh migrate failed on ${source.name}: ${said}${words.join('')}`;
}

export function failureHint({ domain, source, destination }: MigrationEnds): string {
  const log = shellLine(['tail', `/var/log/libvirt/qemu/${domain}.log`]);
  return (
    `The VM stays on ${source.name}. What QEMU has said is on ${destination.name} and ${source.name}: \`${log}\`; ` +
    "libvirtd's own words: `journalctl -u libvirtd -u virtqemud`, or /var/log/libvirt/libvirtd.log."
  );
}

async function errorsOf(
  host: HostShell,
  domain: string,
  { beganAtMs, clocks, note }: FailedCommand,
): Promise<readonly string[]> {
  const sinceMs = beganAtMs + (clocks.get(host.name)?.offsetMs ?? 0) - MARGIN_MS;
  try {
    const late = sleep(LOG_LIMIT_MS, null, { ref: false });
    const errors = await Promise.race([observeLibvirtErrors(host, domain, sinceMs), late]);
    if (errors === null) note(host.name, 'its logs were not read in time');
    return errors ?? [];
  } catch (error) {
    note(host.name, `its logs could not be read: ${messageOf(error)}`);
    return [];
  }
}
