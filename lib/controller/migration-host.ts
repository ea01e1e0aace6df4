import { domainsOf, observeDomain } from '../compute/libvirt/domains.js';
import { observeLibvirtErrors } from '../compute/libvirt/libvirt-log.js';
import * as virsh from '../compute/libvirt/virsh.js';
import { openVirshShell } from '../compute/libvirt/virsh-shell.js';
import { toHex } from '../frames/frame.js';
import type { HostShell } from '../host/connection.js';
import { runCommands } from '../host/script.js';
import type { PingEvent } from '../measure/ping-stream.js';
import type { QemuEvent } from '../measure/qemu-events.js';
import { parseQemuEvent, qemuEventsArgv } from '../measure/qemu-events.js';
import { parseQueueDrops, type QueueDrops, READ_QUEUE_DROPS } from '../measure/queue-drops.js';
import type {
  AnnounceRound,
  DomainSeen,
  FdbFollower,
  FdbMove,
  Follower,
  FrameArrival,
  FrameTrace,
  GuestPingRequest,
  HostView,
  MigrateCommand,
  MigrateRequest,
  MigrationControl,
  MigrationHost,
  PingRequest,
  Redirect,
  RedirectRequest,
  VmNic,
} from '../migration/needs.js';
import type { Change } from '../model/change.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { bridgeName, probePortName, tapName } from '../model/names.js';
import { procBytes } from '../model/proc-figure.js';
import { shellWord } from '../model/quote.js';
import type { Network, Nic, Topology, Vm } from '../model/topology.js';
import { watchFlows } from '../network/ovs/flow-watch.js';
import { askSwitch } from '../network/ovs/frame-trace.js';
import { changeFlows, dumpFlows, packetOut, removeFlows } from '../network/ovs/openflow.js';
import { RedirectGuard } from '../network/ovs/redirect-guard.js';
import { cookieOf } from '../pipeline/cookie.js';
import type { Way } from '../pipeline/facts.js';
import { destinationOf, type FdbEntry, fdbEntries, fdbEntry } from '../pipeline/fdb.js';
import { destinationRedirectFlows, lateArrivalFlow, redirectFlows } from '../pipeline/redirect.js';
import { tableNumber } from '../pipeline/tables.js';
import { outputTo } from '../pipeline/tunnels.js';
import { wayTowards } from '../plan/desired.js';
import { macRival } from '../plan/mac-rival.js';
import type { SeenMac } from '../plan/moving-macs.js';
import { measureClock, measureGuestClock } from './host-clock.js';
import type { HostSession } from './host-session.js';
import { followPing, guestPing, guestPingLog } from './pings.js';

/** Source, EtherType for local experiments (IEEE 802 §9.2.3), padding: nobody listens to it. */
const NOBODYS_FRAME = `02000000000088b5${'00'.repeat(46)}`;

/** A host as a migration needs it, over SSH. */
export class SshMigrationHost implements MigrationHost {
  readonly name: string;
  readonly #shell: HostShell;

  constructor(
    readonly session: HostSession,
    readonly topology: Topology,
  ) {
    this.name = session.name;
    this.#shell = session.shell;
  }

  async measureClock(): Promise<ClockOffset> {
    return await measureClock(this.#shell);
  }

  async domain(name: string): Promise<DomainSeen | null> {
    return await observeDomain(this.#shell, name);
  }

  async macRival(vm: Vm): Promise<string | null> {
    return macRival(vm, await domainsOf(this.#shell));
  }

  async availableMemoryBytes(): Promise<number> {
    const { stdout } = await this.#shell.run(['cat', '/proc/meminfo']);
    return procBytes(stdout, 'MemAvailable') ?? 0;
  }

  async cpuProblem(domainXml: string): Promise<string | null> {
    return await virsh.compareCpu(this.#shell, domainXml);
  }

  async converge({ topology, incoming }: HostView): Promise<readonly Change[]> {
    return await this.session.converge(topology, { incoming });
  }

  async migrate(request: MigrateRequest): Promise<MigrateCommand> {
    return await virsh.followMigrate(this.#shell, request);
  }

  async control(domain: string): Promise<MigrationControl> {
    const shell = await openVirshShell(this.#shell);
    const name = shellWord(domain);
    return {
      jobStats: () => shell.question(`domjobinfo --rawstats --domain ${name}`),
      setMaxDowntime: async (downtimeMs) => {
        await shell.question(`migrate-setmaxdowntime --domain ${name} --downtime ${downtimeMs}`);
      },
      setSpeed: async (mibPerSecond) => {
        await shell.question(`migrate-setspeed --domain ${name} --bandwidth ${mibPerSecond}`);
      },
      startPostCopy: async () => {
        await shell.question(`migrate-postcopy --domain ${name}`);
      },
      close: () => shell.end(),
    };
  }

  async redirect({ nic, macs, from, to, ...limits }: RedirectRequest): Promise<Redirect> {
    const { network } = nic;
    const tap = this.name === from || this.name === to ? this.#tapOf(nic) : null;
    const arrives = this.name === to && tap !== null;
    const tunnel = arrives ? null : await this.#warmWay(network, to);
    return await RedirectGuard.open(this.#shell, {
      bridge: bridgeName(this.topology.name, network),
      flows: macs.flatMap((mac) => {
        if (tunnel !== null) return redirectFlows(mac, tunnel);
        return tap === null ? [] : destinationRedirectFlows(mac, tap.ofport);
      }),
      tap: tap?.name ?? null,
      ...limits,
    });
  }

  async queueDrops(vm: string): Promise<readonly QueueDrops[]> {
    const { nics } = this.topology.vms.find((candidate) => candidate.name === vm) ?? { nics: [] };
    const taps = nics.map((_, index) => tapName(this.topology.name, vm, index));
    const { stdout } = await this.#shell.run(['sh', '-c', READ_QUEUE_DROPS, 'sh', ...taps]);
    return parseQueueDrops(stdout);
  }

  async acceptLate(nic: VmNic, macs: readonly string[], from: string): Promise<void> {
    const { ofport } = this.#tapOf(nic);
    const tunnel = this.#wayTowards(nic.network, from);
    const add = macs.map((mac) => lateArrivalFlow(mac, tunnel, ofport));
    await changeFlows(this.#shell, bridgeName(this.topology.name, nic.network), { add, remove: [] });
  }

  async refuseLate(network: string, macs: readonly string[]): Promise<void> {
    // A redirect's flow in that table goes with it; its guard puts it back, and the others of the redirect stand by themselves.
    const what = { table: tableNumber('admit'), macs, cookie: cookieOf('redirect') };
    await removeFlows(this.#shell, bridgeName(this.topology.name, network), what);
  }

  #wayTowards(network: string, host: string): Way {
    return this.session.way(network, wayTowards(this.topology, this.#network(network), this.name, host));
  }

  #network(name: string): Network {
    const network = this.topology.networks.find((candidate) => candidate.name === name);
    if (network === undefined) throw new Error(`no network ${name}`);
    return network;
  }

  #tapOf({ vm, index, network }: VmNic): { readonly name: string; readonly ofport: number } {
    const name = tapName(this.topology.name, vm, index);
    return { name, ofport: this.session.ofport(network, name) };
  }

  async #warmWay(network: string, to: string): Promise<Way> {
    const tunnel = this.#wayTowards(network, to);
    await this.#warmUp(bridgeName(this.topology.name, network), tunnel);
    return tunnel;
  }

  async primeTap(vm: string, nicIndex: number): Promise<void> {
    const nic = this.#nic(vm, nicIndex);
    const tap = this.session.ofport(nic.network, tapName(this.topology.name, vm, nicIndex));
    const frame = `${nic.mac.replaceAll(':', '')}${NOBODYS_FRAME}`;
    const actions = outputTo({ ofport: tap, remote: null });
    await packetOut(this.#shell, bridgeName(this.topology.name, nic.network), { frame, actions });
  }

  /**
   * The userspace datapath resolves a tunnel's next hop with the first frame, and loses that frame (its tunnel neighbour cache). This
   * one is for nobody: its destination is reserved (IEEE 802.1Q §8.6.3), the far end's pipeline drops it.
   */
  async #warmUp(bridge: string, tunnel: Way): Promise<void> {
    const frame = `0180c200000e${NOBODYS_FRAME}`;
    await packetOut(this.#shell, bridge, { frame, actions: outputTo(tunnel) });
  }

  #nic(vm: string, nicIndex: number): Nic {
    const nic = this.topology.vms.find((candidate) => candidate.name === vm)?.nics[nicIndex];
    if (nic === undefined) throw new Error(`VM ${vm} has no NIC ${nicIndex}`);
    return nic;
  }

  async abortMigration(domain: string): Promise<void> {
    await virsh.abortJob(this.#shell, domain);
  }

  async hasJob(domain: string): Promise<boolean> {
    return await virsh.hasJob(this.#shell, domain);
  }

  async jobStats(domain: string, which: 'running' | 'completed'): Promise<string> {
    return await virsh.readJobStats(this.#shell, domain, which);
  }

  async libvirtErrors(domain: string, sinceMs: number): Promise<readonly string[]> {
    return await observeLibvirtErrors(this.#shell, domain, sinceMs);
  }

  async undefine(domain: string): Promise<void> {
    await virsh.undefineDomain(this.#shell, domain);
  }

  async destroy(domain: string): Promise<void> {
    await virsh.destroyDomain(this.#shell, domain);
  }

  async resume(domain: string): Promise<void> {
    await virsh.resumeDomain(this.#shell, domain);
  }

  async startWithHost(domain: string): Promise<void> {
    await virsh.autostartDomain(this.#shell, domain);
  }

  async followQemuEvents(domain: string, onEvent: (event: QemuEvent) => void): Promise<Follower> {
    // Without a domain: at the destination there is none yet.
    const command = await this.#shell.follow(qemuEventsArgv(null), 'TERM');
    command.on('line', (line) => {
      const event = parseQemuEvent(line);
      if (event !== null && event.domain === domain) onEvent(event);
    });
    return command;
  }

  async followFdb(
    network: string,
    macs: readonly string[],
    onMove: (mac: string, move: FdbMove) => void,
  ): Promise<FdbFollower> {
    const what = { table: tableNumber('fdb'), macs };
    return await watchFlows(this.#shell, bridgeName(this.topology.name, network), what, (report) => {
      const mac = destinationOf(report);
      if (mac === null) return;
      const entry = report.event === 'DELETED' ? null : fdbEntry(report);
      onMove(mac, {
        atMs: report.atMs,
        lateMs: report.lateMs,
        place: entry === null ? null : this.session.placeOf(this.topology, network, entry),
      });
    });
  }

  async followLearning(network: string, onSeen: (seen: SeenMac) => void): Promise<FdbFollower> {
    const what = { table: tableNumber('fdb'), macs: null };
    return await watchFlows(this.#shell, bridgeName(this.topology.name, network), what, (report) => {
      const entry = report.event === 'DELETED' ? null : fdbEntry(report);
      if (entry !== null) onSeen(this.#seen(network, entry));
    });
  }

  async fdb(network: string): Promise<SeenMac[]> {
    const bridge = bridgeName(this.topology.name, network);
    const flows = (await dumpFlows(this.#shell, [bridge])).get(bridge) ?? [];
    // Learned entries are of one priority; one that somebody has put over them decides.
    const byPriority = [...flows].sort((a, b) => b.priority - a.priority);
    return fdbEntries(byPriority).map((entry) => this.#seen(network, entry));
  }

  #seen(network: string, entry: FdbEntry): SeenMac {
    const port = this.session.ports(network).find(({ ofport }) => ofport === entry.ofport);
    return {
      mac: entry.mac,
      place: this.session.placeOf(this.topology, network, entry),
      port: port?.name ?? null,
    };
  }

  async forget(network: string, mac: string): Promise<string[]> {
    const what = { table: tableNumber('fdb'), macs: [mac] };
    return await removeFlows(this.#shell, bridgeName(this.topology.name, network), what);
  }

  async traceFrames(
    { vm, index, network }: VmNic,
    macs: readonly string[],
    arrivals: readonly FrameArrival[],
  ): Promise<FrameTrace[][]> {
    return await askSwitch(this.session, {
      topology: this.topology,
      network: this.#network(network),
      tap: tapName(this.topology.name, vm, index),
      macs,
      arrivals,
      warmUp: (tunnel) => this.#warmUp(bridgeName(this.topology.name, network), tunnel),
    });
  }

  async announce(nic: VmNic, rounds: readonly AnnounceRound[]): Promise<void> {
    const { ofport } = this.#tapOf(nic);
    const bridge = bridgeName(this.topology.name, nic.network);
    const commands = rounds.flatMap(({ delayMs, frames }) => [
      ...(delayMs > 0 ? [{ argv: ['sleep', String(delayMs / 1000)] }] : []),
      {
        argv: ['ovs-ofctl', '-O', 'OpenFlow15', 'bundle', bridge, '-'],
        stdin: frames
          .map(({ frame }) => `packet-out in_port=${ofport}, packet=${toHex(frame)}, actions=table\n`)
          .join(''),
      },
    ]);
    await runCommands(this.#shell, commands);
  }

  async followPing(request: PingRequest, onEvent: (event: PingEvent) => void): Promise<Follower> {
    return await followPing(this.#shell, this.#probe(request.network), request, onEvent);
  }

  async guestPing(request: GuestPingRequest, what: 'start' | 'stop'): Promise<void> {
    await guestPing(this.#shell, this.#probe(request.network), request, what);
  }

  async guestPingLog(request: GuestPingRequest, sinceBytes: number): Promise<string> {
    return await guestPingLog(this.#shell, this.#probe(request.network), request, sinceBytes);
  }

  async guestClock({ network, guestAddress }: GuestPingRequest): Promise<ClockOffset> {
    return await measureGuestClock(this.#shell, this.#probe(network), guestAddress);
  }

  /** The namespace of the host's own port in the network. */
  #probe(network: string): string {
    return probePortName(this.topology.name, network, this.name);
  }
}
