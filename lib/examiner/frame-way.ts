import type { TracedWay } from '../grade/eyes.js';
import type { HostShell } from '../host/connection.js';
import { readFdb } from '../host/learned-macs.js';
import { traceFrames } from '../host/trace.js';
import { pairUp } from '../model/probe-path.js';
import type { Nic, Topology } from '../model/topology.js';
import { hostOf, vtepOf } from '../plan/desired.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from '../plan/observed.js';
import { hostAt, type SeenTunnel, tapsOf, tunnelOf } from './recognise.js';

export interface FrameWayQuestion {
  readonly topology: Topology;
  readonly hosts: readonly ObservedHost[];
  readonly shellOf: (host: string) => HostShell;
  readonly network: string;
  readonly from: string;
  readonly to: string;
}

/** A frame at a bridge. */
interface Step {
  readonly host: ObservedHost;
  readonly bridge: ObservedBridge;
  readonly port: ObservedPort;
  /** What a tunnel port tells of the packet that it came in, where its own configuration does not. */
  readonly metadata: string;
}

/**
 * Follows a ping from one VM to another through the flows of all switches on its way, tunnel by tunnel; none is sent.
 * @throws CommandError where a switch cannot tell
 */
export async function frameWay(question: FrameWayQuestion): Promise<TracedWay> {
  const { topology, hosts, from, to, network } = question;
  const sender = nicOf(topology, from, network);
  const receiver = nicOf(topology, to, network);
  const frame = frameBetween(sender, receiver);
  if (frame === null) return { arrivesAt: [], trouble: `${from} and ${to} have no addresses of one family` };
  const start = hosts.flatMap((host) => entrance(topology, host, sender.mac) ?? [])[0];
  if (start === undefined) return { arrivesAt: [], trouble: `no host has a port with the NIC of ${from}` };
  const waiting: Step[] = [start];
  const been = new Set<string>();
  const arrivesAt = new Set<string>();
  const troubles: string[] = [];
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const place = `${step.host.host} ${step.port.name}`;
    if (been.has(place)) continue;
    been.add(place);
    const { ports, trouble } = await leavesBy(question.shellOf(step.host.host), step, { frame, mac: receiver.mac });
    if (trouble !== null) troubles.push(`${step.host.host}: ${trouble}`);
    for (const { port, remote } of ports) {
      const tunnel = tunnelOf(port);
      const tap = tapsOf(topology, step.host).find(({ port: name }) => name === port.name);
      if (tap?.mac === receiver.mac) arrivesAt.add(step.host.host);
      if (tunnel === null) continue;
      const next = farEnd(question, { step, tunnel: { ...tunnel, remote: tunnel.remote ?? remote } });
      if (typeof next === 'string') troubles.push(next);
      else waiting.push(next);
    }
  }
  return { arrivesAt: [...arrivesAt].sort(), trouble: troubles.join('; ') };
}

function nicOf({ vms }: Topology, vm: string, network: string): Nic {
  const nic = vms.find(({ name }) => name === vm)?.nics.find((one) => one.network === network);
  if (nic === undefined) throw new Error(`VM ${vm} has no NIC in network ${network}`);
  return nic;
}

/** An echo request, as ovs-appctl reads it. */
function frameBetween(from: Nic, to: Nic): string | null {
  const [pair] = pairUp(from.addresses, to.addresses);
  if (pair === undefined) return null;
  const [protocol, prefix, type] = pair.family === 4 ? ['icmp', 'nw', 8] : ['icmp6', 'ipv6', 128];
  const ends = `dl_src=${from.mac},dl_dst=${to.mac},${prefix}_src=${pair.source},${prefix}_dst=${pair.target}`;
  return `${protocol},${ends},nw_ttl=64,${protocol}_type=${type}`;
}

function entrance(topology: Topology, host: ObservedHost, mac: string): Step | null {
  const tap = tapsOf(topology, host).find((one) => one.mac === mac);
  for (const bridge of host.bridges) {
    const port = bridge.ports.find(({ name }) => name === tap?.port);
    if (port !== undefined) return { host, bridge, port, metadata: '' };
  }
  return null;
}

interface Leaving {
  readonly ports: readonly { readonly port: ObservedPort; readonly remote: string | null }[];
  readonly trouble: string | null;
}

async function leavesBy(
  shell: HostShell,
  { bridge, port, metadata }: Step,
  { frame, mac }: { readonly frame: string; readonly mac: string },
): Promise<Leaving> {
  const ofport = port.interface.ofport ?? -1;
  if (ofport < 1) return { ports: [], trouble: `the port ${port.name} has no OpenFlow number` };
  const [answer] = await traceFrames(shell, bridge.name, [{ flow: `in_port=${ofport},${metadata}${frame}` }]);
  const { outputs = [], unclear = [] } = answer?.trace ?? {};
  const byFlows = outputs.flatMap((output) => {
    const found = bridge.ports.find((candidate) => candidate.interface.ofport === output.ofport);
    return found === undefined ? [] : [{ port: found, remote: output.remote }];
  });
  // Without flows of its own a bridge learns, and a trace does not tell the ports (ovs-actions(7), "normal").
  const learns = unclear.includes('NORMAL');
  const byTable = learns ? await learned(shell, { bridge, port, mac }) : [];
  const ports = [...byFlows, ...byTable];
  return { ports, trouble: ports.length > 0 ? null : (answer?.problem ?? 'it is dropped') };
}

/** As a switch that learns does: out of the port where the MAC was seen, or of all others. */
async function learned(
  shell: HostShell,
  { bridge, port, mac }: { readonly bridge: ObservedBridge; readonly port: ObservedPort; readonly mac: string },
): Promise<Leaving['ports']> {
  const entry = (await readFdb(shell, bridge.name)).find((one) => one.mac === mac);
  const others = bridge.ports.filter(({ name }) => name !== port.name);
  const known = others.filter((other) => other.interface.ofport === entry?.ofport);
  return (known.length > 0 ? known : others).map((other) => ({ port: other, remote: null }));
}

/** The tunnel port at which the packet comes in; or why there is none. */
function farEnd(
  { topology, hosts }: FrameWayQuestion,
  { step, tunnel }: { readonly step: Step; readonly tunnel: SeenTunnel },
): Step | string {
  const here = step.host.host;
  if (tunnel.remote === null) return `${here}: the tunnel ${step.port.name} leads nowhere`;
  const name = hostAt(topology, tunnel.remote);
  const host = hosts.find((one) => one.host === name);
  if (host === undefined) return `${here}: a tunnel leads to ${tunnel.remote}, which is no host's`;
  const address = vtepOf(hostOf(topology, here));
  for (const bridge of host.bridges) {
    const port = bridge.ports.find((candidate) => {
      const end = tunnelOf(candidate);
      const isFrom = end?.remote === address || end?.remote === null;
      return end !== null && isFrom && (end.vni === null || end.vni === tunnel.vni);
    });
    if (port === undefined) continue;
    const family = address.includes(':') ? 'tun_ipv6_src' : 'tun_src';
    const metadata = `tun_id=${tunnel.vni ?? 0},${family}=${address},`;
    return { host, bridge, port, metadata };
  }
  return `${host.host} has no tunnel port for VNI ${tunnel.vni ?? '?'} from ${here}`;
}
