import { toHex } from '../../frames/frame.js';
import type { HostShell } from '../../host/connection.js';
import { runCommands } from '../../host/script.js';
import { parseQueueDrops, type QueueDrops, READ_QUEUE_DROPS } from '../../measure/queue-drops.js';
import { parseTapRoom, READ_TAP_ROOM, type TapRoom } from '../../measure/tap-room.js';
import { bridgeName, tapName } from '../../model/names.js';
import type { Network, Nic, Topology } from '../../model/topology.js';
import { cookieOf } from '../../pipeline/cookie.js';
import type { Way } from '../../pipeline/facts.js';
import { destinationOf, type FdbEntry, fdbEntries, fdbEntry } from '../../pipeline/fdb.js';
import { destinationRedirectFlows, lateArrivalFlow, redirectFlows } from '../../pipeline/redirect.js';
import { tableNumber } from '../../pipeline/tables.js';
import { outputTo } from '../../pipeline/tunnels.js';
import type { SeenMac } from '../../plan/moving-macs.js';
import { wayTowards } from '../../plan/ways.js';
import type {
  AnnounceRound,
  FdbFollower,
  FdbMove,
  FrameArrival,
  FrameTrace,
  NetworkPath,
  Redirect,
  RedirectRequest,
  VmNic,
} from '../path.js';
import { watchFlows } from './flow-watch.js';
import { askSwitch } from './frame-trace.js';
import { changeFlows, dumpFlows, packetOut, removeFlows } from './openflow.js';
import type { OvsHost } from './ovs-host.js';
import { RedirectGuard } from './redirect-guard.js';

/** Source, EtherType for local experiments (IEEE 802 §9.2.3), padding: nobody listens to it. */
const NOBODYS_FRAME = `02000000000088b5${'00'.repeat(46)}`;

/** How frames find VMs on a host with bridges of Open vSwitch that are vxmig's own. */
export class OvsPath implements NetworkPath {
  readonly host: string;
  readonly #shell: HostShell;

  /**
   * @param converge brings bridges, ports, devices and flows to what the ledger of places wants there
   * @param resting VMs that are at this host now and do not move: their taps stay
   */
  constructor(
    private readonly at: OvsHost,
    private readonly topology: Topology,
    readonly converge: () => Promise<void>,
    private readonly resting: () => readonly string[],
  ) {
    this.host = at.name;
    this.#shell = at.shell;
  }

  async redirect({ nic, macs, from, to, ...limits }: RedirectRequest): Promise<Redirect> {
    const { network } = nic;
    const tap = this.host === from || this.host === to ? this.#tapOf(nic) : null;
    const arrives = this.host === to && tap !== null;
    const tunnel = arrives ? null : await this.#warmWay(network, to);
    return await RedirectGuard.open(this.#shell, {
      bridge: this.#bridge(network),
      flows: macs.flatMap((mac) => {
        if (tunnel !== null) return redirectFlows(mac, tunnel);
        return tap === null ? [] : destinationRedirectFlows(mac, tap.ofport);
      }),
      tap: tap?.name ?? null,
      ...limits,
    });
  }

  async queueDrops(vm: string): Promise<readonly QueueDrops[]> {
    const { stdout } = await this.#shell.run(['sh', '-c', READ_QUEUE_DROPS, 'sh', ...this.#tapsOf(vm)]);
    return parseQueueDrops(stdout);
  }

  async tapRoom(vm: string): Promise<readonly TapRoom[]> {
    const { stdout } = await this.#shell.run(['sh', '-c', READ_TAP_ROOM, 'sh', ...this.#tapsOf(vm)]);
    return parseTapRoom(stdout);
  }

  async setTapRoom(device: string, holds: number): Promise<void> {
    await runCommands(this.#shell, [{ argv: ['ip', 'link', 'set', 'dev', device, 'txqueuelen', String(holds)] }]);
  }

  async acceptLate(nic: VmNic, macs: readonly string[], from: string): Promise<void> {
    const { ofport } = this.#tapOf(nic);
    const tunnel = this.#wayTowards(nic.network, from);
    const add = macs.map((mac) => lateArrivalFlow(mac, tunnel, ofport));
    await changeFlows(this.#shell, this.#bridge(nic.network), { add, remove: [] });
  }

  async refuseLate(network: string, macs: readonly string[]): Promise<void> {
    // A redirect's flow in that table goes with it; its guard puts it back, and the others of the redirect stand by
    // themselves.
    const what = { table: tableNumber('admit'), macs, cookie: cookieOf('redirect') };
    await removeFlows(this.#shell, this.#bridge(network), what);
  }

  async primeTap(vm: string, nicIndex: number): Promise<void> {
    const nic = this.#nic(vm, nicIndex);
    const tap = this.at.ofport(nic.network, tapName(this.topology.name, vm, nicIndex));
    const frame = `${nic.mac.replaceAll(':', '')}${NOBODYS_FRAME}`;
    const actions = outputTo({ ofport: tap, remote: null });
    await packetOut(this.#shell, this.#bridge(nic.network), { frame, actions });
  }

  async followFdb(
    network: string,
    macs: readonly string[],
    onMove: (mac: string, move: FdbMove) => void,
  ): Promise<FdbFollower> {
    const what = { table: tableNumber('fdb'), macs };
    return await watchFlows(this.#shell, this.#bridge(network), what, (report) => {
      const mac = destinationOf(report);
      if (mac === null) return;
      const entry = report.event === 'DELETED' ? null : fdbEntry(report);
      onMove(mac, {
        atMs: report.atMs,
        lateMs: report.lateMs,
        place: entry === null ? null : this.at.placeOf(this.topology, network, entry),
      });
    });
  }

  async followLearning(network: string, onSeen: (seen: SeenMac) => void): Promise<FdbFollower> {
    const what = { table: tableNumber('fdb'), macs: null };
    return await watchFlows(this.#shell, this.#bridge(network), what, (report) => {
      const entry = report.event === 'DELETED' ? null : fdbEntry(report);
      if (entry !== null) onSeen(this.#seen(network, entry));
    });
  }

  async fdb(network: string): Promise<SeenMac[]> {
    const bridge = this.#bridge(network);
    const flows = (await dumpFlows(this.#shell, [bridge])).get(bridge) ?? [];
    // Learned entries are of one priority; one that somebody has put over them decides.
    const byPriority = [...flows].sort((a, b) => b.priority - a.priority);
    return fdbEntries(byPriority).map((entry) => this.#seen(network, entry));
  }

  async forget(network: string, mac: string): Promise<string[]> {
    const what = { table: tableNumber('fdb'), macs: [mac] };
    return await removeFlows(this.#shell, this.#bridge(network), what);
  }

  async traceFrames(
    { vm, index, network }: VmNic,
    macs: readonly string[],
    arrivals: readonly FrameArrival[],
  ): Promise<FrameTrace[][]> {
    return await askSwitch(this.at, {
      topology: this.topology,
      network: this.#network(network),
      tap: tapName(this.topology.name, vm, index),
      macs,
      arrivals,
      resting: this.resting(),
      warmUp: (tunnel) => this.#warmUp(this.#bridge(network), tunnel),
    });
  }

  async announce(nic: VmNic, rounds: readonly AnnounceRound[]): Promise<void> {
    const { ofport } = this.#tapOf(nic);
    const commands = rounds.flatMap(({ delayMs, frames }) => [
      ...(delayMs > 0 ? [{ argv: ['sleep', String(delayMs / 1000)] }] : []),
      {
        argv: ['ovs-ofctl', '-O', 'OpenFlow15', 'bundle', this.#bridge(nic.network), '-'],
        stdin: frames
          .map(({ frame }) => `packet-out in_port=${ofport}, packet=${toHex(frame)}, actions=table\n`)
          .join(''),
      },
    ]);
    await runCommands(this.#shell, commands);
  }

  async #warmWay(network: string, to: string): Promise<Way> {
    const tunnel = this.#wayTowards(network, to);
    await this.#warmUp(this.#bridge(network), tunnel);
    return tunnel;
  }

  /**
   * The userspace datapath resolves a tunnel's next hop with the first frame, and loses that frame (its tunnel
   * neighbour cache). This one is for nobody: its destination is reserved (IEEE 802.1Q §8.6.3), the far end's pipeline
   * drops it.
   */
  async #warmUp(bridge: string, tunnel: Way): Promise<void> {
    const frame = `0180c200000e${NOBODYS_FRAME}`;
    await packetOut(this.#shell, bridge, { frame, actions: outputTo(tunnel) });
  }

  #wayTowards(network: string, host: string): Way {
    return this.at.way(network, wayTowards(this.topology, this.#network(network), this.host, host));
  }

  #seen(network: string, entry: FdbEntry): SeenMac {
    const port = this.at.ports(network).find(({ ofport }) => ofport === entry.ofport);
    return {
      mac: entry.mac,
      place: this.at.placeOf(this.topology, network, entry),
      port: port?.name ?? null,
    };
  }

  #bridge(network: string): string {
    return bridgeName(this.topology.name, network);
  }

  #network(name: string): Network {
    const network = this.topology.networks.find((candidate) => candidate.name === name);
    if (network === undefined) throw new Error(`no network ${name}`);
    return network;
  }

  #nic(vm: string, nicIndex: number): Nic {
    const nic = this.topology.vms.find((candidate) => candidate.name === vm)?.nics[nicIndex];
    if (nic === undefined) throw new Error(`VM ${vm} has no NIC ${nicIndex}`);
    return nic;
  }

  #tapsOf(vm: string): string[] {
    const { nics } = this.topology.vms.find((candidate) => candidate.name === vm) ?? { nics: [] };
    return nics.map((_, index) => tapName(this.topology.name, vm, index));
  }

  #tapOf({ vm, index, network }: VmNic): { readonly name: string; readonly ofport: number } {
    const name = tapName(this.topology.name, vm, index);
    return { name, ofport: this.at.ofport(network, name) };
  }
}
