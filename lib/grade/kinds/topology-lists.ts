import type { Nic, Probe, Topology } from '../../model/topology.js';
import { aboutValue, type Complaint } from '../../topology/complaint.js';
import { parseDurationMs } from '../../topology/units.js';
import type { WantedNic, WantedProbe } from '../file.js';
import type { Scene } from '../kind.js';
import type { Fact } from '../sight.js';
import { addressesText, nicText, prefixText, probeText } from '../topology-keys.js';

/** NICs and probes have no names: each is found by all that is written of it. */
export function nicFacts(submission: Topology, vmName: string, wanted: readonly WantedNic[]): Fact[] {
  const vm = submission.vms.find(({ name }) => name === vmName);
  return wanted.map((nic) => {
    const what = `NIC of VM ${vmName} in network ${nic.network}`;
    const expected = [nic.mac?.toLowerCase(), nic.address === undefined ? undefined : addressText(nic.address)]
      .filter((part) => part !== undefined)
      .join(' ');
    const there = (vm?.nics ?? []).filter(({ network }) => network === nic.network);
    const seen = there.map(nicText).join('; ');
    if (there.length === 0)
      return {
        what,
        holds: null,
        expected: expected || 'there is one',
        seen: vm === undefined ? `there is no VM ${vmName}` : 'there is none',
      };
    return { what, holds: there.some((one) => isWanted(one, nic)), expected: expected || 'there is one', seen };
  });
}

function isWanted(nic: Nic, { mac, address }: WantedNic): boolean {
  if (mac !== undefined && mac.toLowerCase() !== nic.mac) return false;
  return address === undefined || addressText(address) === addressesText(nic.addresses, prefixText);
}

function addressText(address: string | readonly string[]): string {
  return addressesText(address, prefixText) ?? String(address);
}

export function probeFacts(
  wanted: string | readonly WantedProbe[] | undefined,
  { submission, reference }: Scene,
): Fact[] {
  if (wanted === undefined) return [];
  if (typeof wanted === 'string') {
    const expected = listText(reference?.probes ?? []);
    const seen = listText(submission.probes);
    return [{ what: 'probes', holds: seen === expected, expected, seen }];
  }
  return wanted.map((probe) => {
    const there = submission.probes.filter(({ from, to }) => from.name === probe.from && to === probe.to);
    const every = probe.interval === undefined ? null : parseDurationMs(probe.interval);
    return {
      what: `probe ${probe.from} → ${probe.to}`,
      holds: there.some(({ intervalMs }) => every === null || intervalMs === every),
      expected: every === null ? 'there is one' : `every ${every}ms`,
      seen: listText(there),
    };
  });
}

function listText(probes: readonly Probe[]): string {
  return probes.map(probeText).sort().join('; ') || 'none';
}

export function probeComplaints(wanted: string | readonly WantedProbe[] | undefined): Complaint[] {
  if (wanted === undefined || typeof wanted === 'string') return [];
  return wanted.flatMap(({ from, to }, index) =>
    from === to ? [aboutValue(['probes', index, 'to'], `${to} cannot watch itself`, 'name another VM')] : [],
  );
}
