import { setTimeout as sleep } from 'node:timers/promises';
import { type TraceQuestion, traceFrames } from '../host/trace.js';
import type { FrameArrival, FrameTrace } from '../migration/needs.js';
import { bridgeName, probePortName, tapName } from '../model/names.js';
import type { Network, Topology } from '../model/topology.js';
import { tableNumber } from '../pipeline/tables.js';
import { tunnelTowards } from '../plan/desired.js';
import type { HostSession } from './host-session.js';

/** Nobody's: what is only asked about has no sender. */
const SENDER = '02:00:00:00:00:00';
/** Nobody on the host has sent to a tunnel's far end lately: its next hop is asked for before the answer counts. */
const RESOLVE_TRIES = 3;
const RESOLVE_MS = 30;

export interface FrameQuestion {
  readonly topology: Topology;
  readonly network: Network;
  readonly mac: string;
  readonly arrivals: readonly FrameArrival[];
  /** Sends a frame for nobody into a tunnel: the userspace datapath then looks for the tunnel's next hop. */
  readonly warmUp: (tunnel: number) => Promise<void>;
}

/** What a host's bridge would do with pings for a VM. @throws CommandError where the switch cannot tell */
export async function askSwitch(session: HostSession, question: FrameQuestion): Promise<FrameTrace[]> {
  const { topology, network, arrivals } = question;
  const ports = new Map(session.ports(network.name).map(({ ofport, name }) => [ofport, name]));
  const places = arrivals.map((arrival) => entrance(session, question, arrival));
  const bridge = bridgeName(topology.name, network.name);
  const questions = places.map((place) => place.question);
  let answers = await traceFrames(session.shell, bridge, questions);
  for (let tries = 0; tries < RESOLVE_TRIES && answers.some(({ trace }) => trace.unresolved); tries += 1) {
    const cold = new Set(answers.flatMap(({ trace }) => (trace.unresolved ? trace.outputs : [])));
    for (const tunnel of cold) await question.warmUp(tunnel);
    await sleep(RESOLVE_MS);
    answers = await traceFrames(session.shell, bridge, questions);
  }
  return answers.map(({ trace, problem, text }, index) => ({
    cameInBy: places[index]?.name ?? '',
    outputs: trace.outputs.map((ofport) => ({
      port: ports.get(ofport) ?? `port ${ofport}`,
      leadsTo: ports.has(ofport) ? session.placeOfPort(network.name, ofport) : null,
    })),
    problem,
    text,
  }));
}

interface Entrance {
  readonly name: string;
  readonly question: TraceQuestion;
}

function entrance(session: HostSession, question: FrameQuestion, arrival: FrameArrival): Entrance {
  const { topology, network, mac } = question;
  const frame = `dl_src=${SENDER},dl_dst=${mac},${payloadFor(topology, network.name, mac)}`;
  const from =
    arrival.kind === 'tunnel'
      ? tunnelTowards(topology, network, session.name, arrival.from)
      : localPort(session, question);
  if (from !== null) {
    return { name: from, question: { flow: `in_port=${session.ofport(network.name, from)},${frame}` } };
  }
  // No port of its own: nobody there sends. Its tables are asked from the one on in which the destination begins to matter.
  const actions = `resubmit(,${tableNumber('redirect')})`;
  return { name: 'table redirect', question: { flow: `in_port=LOCAL,${frame}`, actions } };
}

/** The host's own port, or that of another VM there. */
function localPort(session: HostSession, { topology, network, mac }: FrameQuestion): string | null {
  const there = new Set(session.ports(network.name).map(({ name }) => name));
  const taps = topology.vms.flatMap((vm) =>
    vm.nics.flatMap((nic, index) => (nic.mac === mac ? [] : [tapName(topology.name, vm.name, index)])),
  );
  return [probePortName(topology.name, network.name, session.name), ...taps].find((name) => there.has(name)) ?? null;
}

/** A ping for the VM's first address, so that a flow that picks out more than the MAC is met as well. */
function payloadFor(topology: Topology, network: string, mac: string): string {
  const nic = topology.vms.flatMap((vm) => vm.nics).find((one) => one.mac === mac && one.network === network);
  const address = nic?.addresses[0]?.split('/')[0];
  if (address === undefined) return 'dl_type=0x0800';
  return address.includes(':') ? `icmp6,ipv6_dst=${address}` : `icmp,nw_dst=${address}`;
}
