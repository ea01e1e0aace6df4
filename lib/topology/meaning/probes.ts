import { type AddressPlan, probeAddresses } from '../../model/names.js';
import { pairUp } from '../../model/probe-path.js';
import { aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftNic, DraftProbe, DraftVm } from '../draft.js';
import { suggestion } from '../suggest.js';
import { parseDurationMs } from '../units.js';

const SHORTEST_INTERVAL_MS = 1;

/** Probes: each must have a way to run, and not be there twice. */
export function* checkProbes(draft: Draft): Generator<Complaint> {
  const plan = addressPlanOf(draft);
  const seen = new Set<string>();
  for (const probe of draft.probes) {
    yield* checkProbe(draft, plan, probe);
    if (probe.from === undefined || probe.to === undefined) continue;
    const key = `${probe.from} ${probe.to}`;
    if (seen.has(key))
      yield aboutValue(probe.path, `${probe.from} watches ${probe.to} already`, 'one probe for each pair');
    seen.add(key);
  }
}

function* checkProbe(draft: Draft, plan: AddressPlan, probe: DraftProbe): Generator<Complaint> {
  if (probe.interval !== undefined && parseDurationMs(probe.interval) < SHORTEST_INTERVAL_MS) {
    yield aboutValue([...probe.path, 'interval'], `${probe.interval} is too short`, '1ms is the shortest');
  }
  const target = draft.vms.find((vm) => vm.name === probe.to);
  const host = draft.hosts.find((candidate) => candidate.name === probe.from);
  const source = draft.vms.find((vm) => vm.name === probe.from);
  if (probe.to !== undefined && target === undefined) yield unknownTarget(draft, probe.path, probe.to);
  if (probe.from !== undefined && host === undefined && source === undefined) {
    const names = [...draft.hosts, ...draft.vms].map((candidate) => candidate.name);
    const message = `there is no host or VM ${probe.from}`;
    yield aboutValue([...probe.path, 'from'], message, suggestion(probe.from, names));
  }
  if (target === undefined || !isComplete(draft, target)) return;
  if (target.nics.every((nic) => nic.prefixes.length === 0)) {
    const message = `VM ${target.name} has no address to ping`;
    yield aboutValue([...probe.path, 'to'], message, 'give one of its NICs an `address`');
  } else if (source === target) {
    yield aboutValue(
      [...probe.path, 'from'],
      `VM ${target.name} cannot watch itself`,
      'let a host or another VM do it',
    );
  } else if (host !== undefined) {
    yield* checkHostHasAddress(plan, probe, host.name, target);
  } else if (source !== undefined && isComplete(draft, source)) {
    yield* checkVmsMeet(probe, source, target);
  }
}

function unknownTarget(draft: Draft, path: DraftProbe['path'], name: string): Complaint {
  const isHost = draft.hosts.some((host) => host.name === name);
  const message = isHost ? `${name} is a host: probes watch VMs` : `there is no VM ${name}`;
  const names = draft.vms.map((vm) => vm.name);
  return aboutValue([...path, 'to'], message, suggestion(name, names));
}

function* checkHostHasAddress(
  plan: AddressPlan,
  probe: DraftProbe,
  host: string,
  target: DraftVm,
): Generator<Complaint> {
  const networks = target.nics.filter((nic) => nic.prefixes.length > 0).map((nic) => nic.network ?? '');
  const works = target.nics.some(
    (nic) => pairUp(probeAddresses(plan, nic.network ?? '', host), textsOf(nic)).length > 0,
  );
  if (works) return;
  const message = `no address is left for host ${host} in network ${networks.join(' or ')}`;
  yield aboutValue(
    [...probe.path, 'from'],
    message,
    'each host takes one from the end of the network’s `cidr`: make that larger',
  );
}

function* checkVmsMeet(probe: DraftProbe, source: DraftVm, target: DraftVm): Generator<Complaint> {
  const path = [...probe.path, 'from'];
  const shared = target.nics.flatMap((to) =>
    source.nics.filter((from) => from.network === to.network).map((from) => ({ from, to })),
  );
  if (shared.length === 0) {
    const message = `VMs ${source.name} and ${target.name} have no network in common`;
    yield aboutValue(path, message, 'give one of them a NIC in the other’s network, or let a host watch');
  } else if (!shared.some(({ from, to }) => pairUp(textsOf(from), textsOf(to)).length > 0)) {
    const message = `VMs ${source.name} and ${target.name} have no addresses of one family in a common network`;
    yield aboutValue(path, message, 'add an `address` to their NICs');
  }
}

/** Where addresses or networks are wrong already, whether a probe can run is not known. */
function isComplete(draft: Draft, vm: DraftVm): boolean {
  return vm.nics.length > 0 && vm.nics.every((nic) => nic.complete && isKnown(draft, nic));
}

function isKnown(draft: Draft, nic: DraftNic): boolean {
  const network = draft.networks.find((candidate) => candidate.name === nic.network);
  return (
    network?.complete === true &&
    nic.prefixes.every((address) => network.prefixes.some((prefix) => sameFamily(prefix, address)))
  );
}

function sameFamily(a: DraftNic['prefixes'][number], b: DraftNic['prefixes'][number]): boolean {
  return a.value.ip.family === b.value.ip.family;
}

function addressPlanOf(draft: Draft): AddressPlan {
  return {
    hosts: draft.hosts,
    networks: draft.networks.map((network) => ({
      name: network.name,
      cidrs: network.prefixes.map((prefix) => prefix.text),
    })),
    vms: draft.vms.map((vm) => ({
      nics: vm.nics.map((nic) => ({ network: nic.network ?? '', addresses: textsOf(nic) })),
    })),
  };
}

function textsOf(nic: DraftNic): readonly string[] {
  return nic.prefixes.map((prefix) => prefix.text);
}
