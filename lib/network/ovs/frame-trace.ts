import { setTimeout as sleep } from 'node:timers/promises';
import { bridgeName, probePortName, tapName } from '../../model/names.js';
import type { Network, Nic, Topology } from '../../model/topology.js';
import type { Way } from '../../pipeline/facts.js';
import { tableNumber } from '../../pipeline/tables.js';
import { endsOf } from '../../pipeline/tunnels.js';
import { wayTowards } from '../../plan/ways.js';
import type { FrameArrival, FrameTrace } from '../path.js';
import type { OvsHost } from './ovs-host.js';
import { type TraceQuestion, traceFrames } from './trace.js';

/** Nobody's: what is only asked about has no sender, unless a VM's port is to take it. */
const NOBODY = '02:00:00:00:00:00';
/** Nobody on the host has sent to a tunnel's far end lately: its next hop is asked for before the answer counts. */
const RESOLVE_TRIES = 3;
const RESOLVE_MS = 30;

export interface FrameQuestion {
  readonly topology: Topology;
  readonly network: Network;
  /** Of the NIC that they move with: nothing for it comes from there. */
  readonly tap: string;
  readonly macs: readonly string[];
  readonly arrivals: readonly FrameArrival[];
  /** VMs of this host whose taps stay as they are meanwhile: one of them may be asked about as a sender. */
  readonly resting: readonly string[];
  /** Sends a frame for nobody into a tunnel: the userspace datapath then looks for the tunnel's next hop. */
  readonly warmUp: (tunnel: Way) => Promise<void>;
}

/**
 * What a host's bridge would do with TCP segments for a VM, of connections that stand: access rules do not keep these.
 * For each MAC one answer for each arrival.
 * @throws CommandError where the switch cannot tell
 */
export async function askSwitch(session: OvsHost, question: FrameQuestion): Promise<FrameTrace[][]> {
  const { topology, network, arrivals, macs } = question;
  const ports = new Map(session.ports(network.name).map(({ ofport, name }) => [ofport, name]));
  const places = macs.flatMap((mac) => arrivals.map((arrival) => entrance(session, { ...question, mac }, arrival)));
  const bridge = bridgeName(topology.name, network.name);
  const questions = places.map((place) => place.question);
  let answers = await traceFrames(session.shell, bridge, questions);
  for (let tries = 0; tries < RESOLVE_TRIES && answers.some(({ trace }) => trace.unresolved); tries += 1) {
    const outputs = answers.flatMap(({ trace }) => (trace.unresolved ? trace.outputs : []));
    const cold = new Map(outputs.map((output) => [`${output.ofport} ${output.remote}`, output]));
    for (const tunnel of cold.values()) await question.warmUp(tunnel);
    await sleep(RESOLVE_MS);
    answers = await traceFrames(session.shell, bridge, questions);
  }
  const traces = answers.map(({ trace, problem, text }, index) => ({
    cameInBy: places[index]?.name ?? '',
    outputs: trace.outputs.map((output) => ({
      port: ports.get(output.ofport) ?? `port ${output.ofport}`,
      leadsTo: session.placeOf(topology, network.name, output),
    })),
    problem,
    text,
  }));
  return macs.map((_, index) => traces.slice(index * arrivals.length, (index + 1) * arrivals.length));
}

interface FrameFor extends FrameQuestion {
  readonly mac: string;
}

interface Entrance {
  readonly name: string;
  readonly question: TraceQuestion;
}

function entrance(session: OvsHost, question: FrameFor, arrival: FrameArrival): Entrance {
  const { topology, network, mac } = question;
  const sender = arrival.kind === 'tunnel' ? null : localSender(session, question);
  const nic = nicOf(topology, network.name, mac);
  const frame = `dl_src=${sender?.mac ?? NOBODY},dl_dst=${mac},${payload(nic, sender)}`;
  if (arrival.kind === 'tunnel') {
    const way = wayTowards(topology, network, session.name, arrival.from);
    const flow = `in_port=${session.ofport(network.name, way.port)}`;
    if (way.remote === null) return { name: way.port, question: { flow: `${flow},${frame}` } };
    const end = `${endsOf(way.remote).source}=${way.remote}`;
    return { name: `${way.port} from ${arrival.from}`, question: { flow: `${flow},${end},${frame}` } };
  }
  if (sender !== null) {
    const flow = `in_port=${session.ofport(network.name, sender.port)},${frame}`;
    return { name: sender.port, question: { flow } };
  }
  // No port of its own: nobody there sends. Its tables are asked from the one on in which the destination begins to
  // matter.
  const actions = `resubmit(,${tableNumber('redirect')})`;
  return { name: 'table redirect', question: { flow: `in_port=LOCAL,${frame}`, actions } };
}

interface Sender {
  readonly port: string;
  readonly mac: string;
  /** null: any will do. */
  readonly addresses: readonly string[] | null;
}

/** The host's own port, or that of another VM there, which must say who it is. */
function localSender(session: OvsHost, { topology, network, tap, resting }: FrameFor): Sender | null {
  const neighbours = topology.vms.filter(({ name }) => resting.includes(name));
  const taps = neighbours.flatMap((vm) =>
    vm.nics.flatMap((nic, index) => {
      const port = tapName(topology.name, vm.name, index);
      return port === tap || nic.network !== network.name ? [] : [{ port, mac: nic.mac, addresses: nic.addresses }];
    }),
  );
  const probe: Sender = {
    port: probePortName(topology.name, network.name, session.name),
    mac: NOBODY,
    addresses: null,
  };
  const there = new Set(session.ports(network.name).map(({ name }) => name));
  return [probe, ...taps].find(({ port }) => there.has(port)) ?? null;
}

function nicOf(topology: Topology, network: string, mac: string): Nic | undefined {
  return topology.vms.flatMap((vm) => vm.nics).find((one) => one.mac === mac && one.network === network);
}

/** Of those for documentation (RFC 5737, RFC 3849): which address is behind a MAC that is no NIC's own is not known. */
const ANYBODYS = ['192.0.2.1', '2001:db8::1'];

/**
 * For an address of the VM that the sender has one of the family for, so that a flow that picks out more than the MAC
 * is met as well.
 */
function payload(nic: Nic | undefined, sender: Sender | null): string {
  const bare = (address: string) => address.split('/')[0] ?? '';
  const isV6 = (address: string) => address.includes(':');
  for (const to of nic?.addresses ?? ANYBODYS) {
    const from = sender?.addresses?.find((address) => isV6(address) === isV6(to));
    if (from === undefined && sender !== null && sender.addresses !== null) continue;
    const [protocol, prefix] = isV6(to) ? ['tcp6', 'ipv6'] : ['tcp', 'nw'];
    const source = from === undefined ? '' : `,${prefix}_src=${bare(from)}`;
    return `${protocol}${source},${prefix}_dst=${bare(to)},tcp_flags=ack`;
  }
  // ARP without a sender's address, which anybody may send.
  return `arp,arp_op=1,arp_sha=${sender?.mac ?? NOBODY}`;
}
