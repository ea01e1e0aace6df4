import type { TracedWay, TraceQuestion } from '../grade/eyes.js';
import type { HostShell } from '../host/connection.js';
import { probePortName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import { readFdb } from '../network/ovs/learned-macs.js';
import { traceFrames } from '../network/ovs/trace.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from '../plan/observed.js';
import { hostOf, vtepOf } from '../plan/topology-parts.js';
import { bridgeOf, hostAt, type SeenTunnel, tapsOf, tunnelOf } from './recognise.js';
import { type TraceFrame, traceFramesFor } from './trace-frames.js';

export interface FrameWayQuestion extends TraceQuestion {
  readonly topology: Topology;
  readonly hosts: readonly ObservedHost[];
  readonly shellOf: (host: string) => HostShell;
}

/** Frames at a bridge. */
interface Step {
  readonly host: ObservedHost;
  readonly bridge: ObservedBridge;
  readonly port: ObservedPort;
  /** What a tunnel port tells of the packet that it came in, where its own configuration does not. */
  readonly metadata: string;
  readonly frames: readonly TraceFrame[];
}

/**
 * Follows frames to a VM through the flows of all switches on their way, tunnel by tunnel; none is sent.
 * @throws CommandError where a switch cannot tell
 */
export async function frameWays(question: FrameWayQuestion): Promise<TracedWay[]> {
  const { topology, hosts, from, network } = question;
  const starts = new Map(hosts.map((host) => [host, bridgeOf(topology, network, host)]));
  const hasRules = [...starts.values()].some((bridge) => bridge?.externalIds['vxmig-network'] === network);
  const frames = traceFramesFor(topology, question, { hasRules });
  const seen = new Map(frames.map((frame) => [frame, { arrivesAt: new Set<string>(), troubles: [] as string[] }]));
  const note = (of: readonly TraceFrame[], trouble: string) => {
    for (const frame of of) seen.get(frame)?.troubles.push(trouble);
  };
  const waiting: Step[] = [];
  for (const mac of new Set(frames.map((frame) => frame.from))) {
    const sent = frames.filter((frame) => frame.from === mac && frame.place < MOST_OF_A_KIND);
    const start = hosts.flatMap((host) => entrance(question, host, mac) ?? [])[0];
    if (start === undefined) note(sent, `no host has a port of ${from} in network ${network}`);
    else waiting.push({ ...start, frames: sent });
  }
  const been = new Set<string>();
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const { host, port } = step;
    const place = (frame: TraceFrame) => `${host.host} ${port.name} ${frames.indexOf(frame)}`;
    const fresh = step.frames.filter((frame) => !been.has(place(frame)));
    if (fresh.length === 0) continue;
    for (const frame of fresh) been.add(place(frame));
    const onward = new Map<
      string,
      { readonly port: ObservedPort; readonly remote: string | null; frames: TraceFrame[] }
    >();
    const leavings = await leavesBy(question.shellOf(host.host), { ...step, frames: fresh });
    for (const [index, { ports, trouble }] of leavings.entries()) {
      const frame = fresh[index];
      if (frame === undefined) continue;
      if (trouble !== null) note([frame], `${host.host}: ${trouble}`);
      for (const { port: out, remote } of ports) {
        const tap = tapsOf(topology, host).find(({ port: name }) => name === out.name);
        if (tap?.mac === frame.to) seen.get(frame)?.arrivesAt.add(host.host);
        const key = `${out.name} ${remote}`;
        const same = onward.get(key) ?? { port: out, remote, frames: [] };
        same.frames.push(frame);
        onward.set(key, same);
      }
    }
    for (const { port: out, remote, frames: sent } of onward.values()) {
      const tunnel = tunnelOf(topology, out);
      if (tunnel === null) continue;
      const next = farEnd(question, { host, port: out, tunnel: { ...tunnel, remote: tunnel.remote ?? remote } });
      if (typeof next === 'string') note(sent, next);
      else waiting.push({ ...next, frames: sent });
    }
  }
  return [...seen].map(([{ frame, protocol, denied }, { arrivesAt, troubles }]) => ({
    frame,
    protocol,
    denied,
    arrivesAt: [...arrivesAt].sort(),
    trouble: [...new Set(troubles)].join('; '),
  }));
}

/** To hundreds of ports a switch would be asked for minutes: of the others only the rules are asked. */
const MOST_OF_A_KIND = 8;

type Place = Omit<Step, 'frames'>;

/** Where the sender is: a VM's tap, a host's port in the network, or, where nobody has made one, the bridge itself. */
function entrance({ topology, from, network }: FrameWayQuestion, host: ObservedHost, mac: string): Place | null {
  const isHost = topology.hosts.some(({ name }) => name === from);
  if (isHost && host.host !== from) return null;
  const name = isHost
    ? probePortName(topology.name, network, from)
    : tapsOf(topology, host).find((one) => one.mac === mac)?.port;
  for (const bridge of host.bridges) {
    const port = bridge.ports.find((one) => one.name === name);
    if (port !== undefined) return { host, bridge, port, metadata: '' };
  }
  const bridge = isHost ? bridgeOf(topology, network, host) : null;
  const itself = bridge?.ports.find((one) => one.name === bridge.name);
  return bridge === null || itself === undefined ? null : { host, bridge, port: itself, metadata: '' };
}

interface Leaving {
  readonly ports: readonly { readonly port: ObservedPort; readonly remote: string | null }[];
  readonly trouble: string | null;
}

/** One for each frame. */
async function leavesBy(shell: HostShell, { bridge, port, metadata, frames }: Step): Promise<Leaving[]> {
  // Of a bridge's own port the number is 65534 (ovs-vswitchd.conf.db(5), Interface ofport); a trace reads its name as
  // well.
  const ofport = port.name === bridge.name ? 'LOCAL' : (port.interface.ofport ?? -1);
  if (typeof ofport === 'number' && ofport < 1)
    return frames.map(() => ({ ports: [], trouble: `the port ${port.name} has no OpenFlow number` }));
  const questions = frames.map(({ flow }) => ({ flow: `in_port=${ofport},${metadata}${flow}` }));
  const answers = await traceFrames(shell, bridge.name, questions);
  return await Promise.all(
    frames.map(async ({ to: mac }, index) => {
      const { outputs = [], unclear = [] } = answers[index]?.trace ?? {};
      const byFlows = outputs.flatMap((output) => {
        const found = bridge.ports.find((candidate) => candidate.interface.ofport === output.ofport);
        return found === undefined ? [] : [{ port: found, remote: output.remote }];
      });
      // Without flows of its own a bridge learns, and a trace does not tell the ports (ovs-actions(7), "normal").
      const learns = unclear.includes('NORMAL');
      const byTable = learns ? await learned(shell, { bridge, port, mac }) : [];
      const ports = [...byFlows, ...byTable];
      return { ports, trouble: ports.length > 0 ? null : (answers[index]?.problem ?? 'it is dropped') };
    }),
  );
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
  { host: near, port: exit, tunnel }: Pick<Step, 'host' | 'port'> & { readonly tunnel: SeenTunnel },
): Place | string {
  const here = near.host;
  if (tunnel.remote === null) return `${here}: the tunnel ${exit.name} leads nowhere`;
  const name = hostAt(topology, tunnel.remote);
  const host = hosts.find((one) => one.host === name);
  if (host === undefined) return `${here}: a tunnel leads to ${tunnel.remote}, which is no host's`;
  const address = vtepOf(hostOf(topology, here));
  const { encapsulation } = tunnel;
  for (const bridge of host.bridges) {
    const port = bridge.ports.find((candidate) => {
      const end = tunnelOf(topology, candidate);
      if (end === null || end.encapsulation.name !== encapsulation.name) return false;
      const isFrom = end.remote === address || end.remote === null;
      return isFrom && (end.vni === null || end.vni === tunnel.vni);
    });
    if (port === undefined) continue;
    const family = address.includes(':') ? 'tun_ipv6_src' : 'tun_src';
    const metadata = `tun_id=${tunnel.vni ?? 0},${family}=${address},`;
    return { host, bridge, port, metadata };
  }
  return `${host.host} has no tunnel port for ${encapsulation.key.name} ${tunnel.vni ?? '?'} from ${here}`;
}
