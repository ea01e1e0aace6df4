import type { RubricCheck } from '../grade/rubric.js';
import { probePath, senderNamed } from '../model/probe-path.js';
import type { Probe, Topology } from '../model/topology.js';

/** As in a topology file that says none. */
const INTERVAL_MS = 10;

/**
 * What the lab of a submission is built of: its own hosts, networks and VMs, but watched as the rubric wants it, so
 * that nobody loses nothing by watching nothing; and under the reference's name, so that bridges are called the same
 * for everybody.
 */
export function examTopology(
  submission: Topology,
  { reference, checks }: { readonly reference: Topology | null; readonly checks: readonly RubricCheck[] },
): Topology {
  const watched = { ...submission, name: reference?.name ?? submission.name, lab: {}, probes: [] };
  const hosts = watched.hosts.map((host) => ({ ...host, ssh: null }));
  const wanted = [...(reference ?? submission).probes, ...checks.flatMap((check) => probesOf(check, watched))];
  const possible = wanted.filter((probe) => exists(watched, probe) && probePath(watched, probe) !== null);
  return { ...watched, hosts, probes: withoutTwins(possible) };
}

/** Of the pings that migrations are measured by: those of the reference, or of the submission where there is none. */
export function isWatcher(
  probes: readonly Probe[],
  { from, to }: { readonly from: string; readonly to: string },
): boolean {
  return probes.some((probe) => probe.from.name === from && probe.to === to);
}

/** Probes that give the check's sender a port in the network that it sends in. */
function probesOf(check: RubricCheck, topology: Topology): Probe[] {
  switch (check.kind) {
    case 'reach':
    case 'mtu': {
      const { from, to, network } = check.wanted;
      return towards(topology, from, network === undefined ? [to] : inNetwork(topology, network, to));
    }
    case 'isolated':
      return towards(topology, check.wanted.from, [check.wanted.witness]);
    case 'packet':
      return check.wanted.while === undefined
        ? []
        : towards(topology, check.wanted.while.from, [check.wanted.while.to]);
    default:
      return [];
  }
}

/** A host's port comes with the network of the first NIC of what it watches. */
function inNetwork({ vms }: Topology, network: string, preferred: string): string[] {
  const there = vms.filter(({ nics }) => nics[0]?.network === network).map(({ name }) => name);
  return there.includes(preferred) ? [preferred] : there.slice(0, 1);
}

function towards(topology: Topology, from: string, targets: readonly string[]): Probe[] {
  return targets.map((to) => ({ from: senderNamed(topology, from), to, intervalMs: INTERVAL_MS }));
}

function exists({ hosts, vms }: Topology, { from, to }: Probe): boolean {
  const senders = from.kind === 'host' ? hosts : vms;
  return senders.some(({ name }) => name === from.name) && vms.some(({ name }) => name === to);
}

function withoutTwins(probes: readonly Probe[]): Probe[] {
  return probes.filter(
    (probe, index) =>
      probes.findIndex((other) => isWatcher([other], { from: probe.from.name, to: probe.to })) === index,
  );
}
