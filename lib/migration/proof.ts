import type { TraceProof } from '../model/certificate.js';
import { tapName } from '../model/names.js';
import type { Network } from '../model/topology.js';
import type { FrameArrival, FrameTrace } from '../network/path.js';
import type { HostParts } from './host-parts.js';
import { expectedAfter, type Run } from './migration.js';
import type { MovingMacs, MovingNic } from './moving-macs.js';

/** What a host's switch does with frames for one of the VM's MACs. */
export interface HostProof {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly traces: readonly TraceProof[];
}

/** Every host's switch is asked what it does with frames for the VM, all at once. */
export async function proveAll(run: Run, moving: MovingMacs): Promise<HostProof[]> {
  const proofs = moving.byNic().flatMap((nic) => run.hosts.map((host) => prove(run, host, nic)));
  return (await Promise.all(proofs)).flat();
}

export function isProven({ traces }: HostProof): boolean {
  return traces.every((trace) => trace.ok);
}

async function prove(run: Run, host: HostParts, { nic, macs }: MovingNic): Promise<HostProof[]> {
  const { network } = nic;
  const traces = await host.path.traceFrames(nic, macs, arrivalsAt(run, host, network));
  const tap = host === run.destination ? tapName(run.topology.name, nic.vm, nic.index) : null;
  const expected = expectedAfter(run, host.name, network);
  return macs.map((mac, place) => {
    const its = traces[place] ?? [];
    return { host: host.name, network, mac, traces: its.map((trace) => judged(trace, { expected, tap })) };
  });
}

/** It must leave by one port: the one that leads to the expected host, and there the VM's own. */
function judged(trace: FrameTrace, { expected, tap }: { expected: string; tap: string | null }): TraceProof {
  const ports = trace.outputs.map((output) => output.port);
  const leavesTowards = trace.outputs.map((output) => output.leadsTo ?? 'nowhere known');
  const right = ports.length === 1 && leavesTowards[0] === expected && (tap === null || ports[0] === tap);
  const wanted = tap === null ? `towards ${expected}` : `by ${tap}`;
  const leaves = ports.map((port, index) => `${port} (${leavesTowards[index]})`).join(', ');
  const problem = trace.problem ?? (right ? '' : `it leaves by ${leaves} in place of ${wanted}`);
  return { from: trace.cameInBy, leavesTowards, ports, ok: problem === '', problem, text: trace.text };
}

/** Where frames for the VM come from: a host's own ports; at the VM's new host and at a hub also out of the tunnels. */
function arrivalsAt({ topology, hosts, source, destination }: Run, host: HostParts, name: string) {
  const network = topology.networks.find((candidate) => candidate.name === name);
  const arrivals: FrameArrival[] = [{ kind: 'local' }];
  if (network === undefined || (host !== destination && !isHub(network, host))) return arrivals;
  // The old host's tunnel has a flow of its own for late frames; the others meet the tables.
  const other = hosts.find((candidate) => ![host, source, destination].includes(candidate));
  const far = [source, other].filter((each) => each !== undefined && each !== host);
  const byTunnel = far.map((each): FrameArrival => ({ kind: 'tunnel', from: each?.name ?? '' }));
  // A spoke has one tunnel for all.
  return [...arrivals, ...(network.mesh.kind === 'hub' && !isHub(network, host) ? byTunnel.slice(0, 1) : byTunnel)];
}

function isHub({ mesh }: Network, host: HostParts): boolean {
  return mesh.kind === 'hub' && mesh.hub === host.name;
}
