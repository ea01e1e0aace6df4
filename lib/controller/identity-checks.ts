import type { Fitness } from '../host/fitness.js';
import type { Check } from '../model/check.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { formatMs } from '../model/quantities.js';
import { isLoopback, sameNameFix, sameNameText, sameUuidFix, sameUuidText } from '../negotiate/terms/identity.js';
import { MOST_APART_MS } from '../negotiate/terms/resources.js';

type Hosts = ReadonlyMap<string, Fitness>;

/** libvirt refuses a migration between hosts of one UUID. */
export function hostUuids(fitness: Hosts): Check {
  return eachItsOwn(fitness, ({ hostUuid }) => hostUuid, {
    name: 'libvirt host UUIDs',
    text: sameUuidText,
    fix: sameUuidFix,
  });
}

/** And between hosts of one name. */
export function hostNames(fitness: Hosts): Check {
  return eachItsOwn(fitness, ({ hostName }) => hostName, { name: 'host names', text: sameNameText, fix: sameNameFix });
}

interface Wording {
  readonly name: string;
  readonly text: (ends: { from: string; to: string }, value: string) => string;
  readonly fix: (host: string) => string;
}

function eachItsOwn(fitness: Hosts, identityOf: (host: Fitness) => string, { name, text, fix }: Wording): Check {
  const known = [...fitness].flatMap(([host, seen]) =>
    identityOf(seen) === '' ? [] : [{ host, value: identityOf(seen) }],
  );
  const twin = known.find(({ value }, index) => known.findIndex((one) => one.value === value) < index);
  const first = known.find(({ value }) => value === twin?.value);
  return {
    name,
    ok: twin === undefined,
    expected: 'another one on each host',
    seen:
      twin === undefined
        ? `${known.length} hosts, each with its own`
        : text({ from: first?.host ?? '', to: twin.host }, twin.value),
    hint: twin === undefined ? '' : fix(twin.host),
  };
}

/**
 * Debian's installer writes `127.0.1.1 NAME`. vxmig names addresses wherever libvirt takes one, so that this is advice:
 * a virsh that is called by hand without --migrateuri tells the other host to connect to itself.
 */
export function ownName(name: string, { hostName, ownAddresses }: Fitness): Check {
  const loop = ownAddresses.length > 0 && ownAddresses.every(isLoopback);
  return {
    name,
    ok: true,
    expected: 'leads to an address that other hosts reach',
    seen: ownAddresses.length === 0 ? `${hostName || 'it'} leads nowhere` : `${hostName}: ${ownAddresses.join(', ')}`,
    hint: loop
      ? 'nothing for vxmig, which names addresses; for migrations by hand give it the host’s address in /etc/hosts'
      : '',
  };
}

/** A guest's clock follows its host's, and jumps where two hosts disagree. */
export function clocksTogether(clocks: ReadonlyMap<string, ClockOffset>): Check[] {
  const sorted = [...clocks].sort(([, a], [, b]) => a.offsetMs - b.offsetMs);
  const [behind, ahead] = [sorted.at(0), sorted.at(-1)];
  if (behind === undefined || ahead === undefined || behind === ahead) return [];
  const apartMs = ahead[1].offsetMs - behind[1].offsetMs;
  const ok = apartMs - ahead[1].errorMs - behind[1].errorMs <= MOST_APART_MS;
  return [
    {
      name: 'clocks of the hosts',
      ok,
      expected: `within ${formatMs(MOST_APART_MS)} of each other`,
      seen: `${ahead[0]} is ${formatMs(apartMs)} ahead of ${behind[0]}`,
      hint: ok ? '' : 'no VM moves between them so: let chrony or systemd-timesyncd keep both (`timedatectl`)',
    },
  ];
}
