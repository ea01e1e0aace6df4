import type { Controller } from '../controller/controller.js';
import { verify } from '../controller/verify.js';
import type {
  CommandAnswer,
  ConnectQuestion,
  Eyes,
  PacketQuestion,
  PingAnswer,
  PingQuestion,
  SeenBridge,
  TracedWay,
  TraceQuestion,
} from '../grade/eyes.js';
import type { Check } from '../model/check.js';
import { VxmigError } from '../model/errors.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { StrategyName, Topology } from '../model/topology.js';
import { readFdb } from '../network/ovs/learned-macs.js';
import { fdbEntries } from '../pipeline/fdb.js';
import type { ObservedBridge, ObservedHost } from '../plan/observed.js';
import { capture } from './capture.js';
import { frameWays } from './frame-way.js';
import { newNonce, ofNonce } from './nonce.js';
import { emulatorsOn } from './outside-view.js';
import { OUTPUT_LIMIT_BYTES, Reach, type ReachOptions } from './reach.js';
import { bridgeOf, hostAt, tapsOf, tunnelOf } from './recognise.js';

/** As timeout(1) tells that it has stopped the command; 137 where it had to kill it. */
const TIMED_OUT: readonly number[] = [124, 137];
const ANY_STATUS = Array.from({ length: 256 }, (_, status) => status);

export interface HostEyesOptions extends ReachOptions {
  /** Moves a VM; resolves to the result, and the controller with which the hosts are seen from then on. */
  readonly migrate: (
    controller: Controller,
    question: { readonly vm: string; readonly to: string; readonly strategy: StrategyName | null },
  ) => Promise<{ readonly result: MigrationResult | null; readonly controller: Controller }>;
}

/** Looks at connected hosts: each question is answered by what is there now. */
export class HostEyes implements Eyes {
  #controller: Controller;

  constructor(
    controller: Controller,
    private readonly options: HostEyesOptions,
  ) {
    this.#controller = controller;
  }

  get controller(): Controller {
    return this.#controller;
  }

  get #topology(): Topology {
    return this.#controller.topology;
  }

  async bridge(host: string, network: string): Promise<SeenBridge | null> {
    const seen = await this.#look(host);
    const bridge = bridgeOf(this.#topology, network, seen);
    if (bridge === null) return null;
    const ready = new Set(
      bridge.ports.flatMap(({ name, interface: { ofport } }) => ((ofport ?? -1) > 0 ? [name] : [])),
    );
    return {
      name: bridge.name,
      tunnels: bridge.ports.flatMap((port) => {
        const tunnel = tunnelOf(this.#topology, port);
        return tunnel === null ? [] : [{ port: port.name, ...tunnel }];
      }),
      vms: await this.#vmsAt(seen, ready),
    };
  }

  /** Those whose taps are among the ports; from outside, those whose taps a QEMU holds that has the NIC's MAC. */
  async #vmsAt(seen: ObservedHost, ports: ReadonlySet<string>): Promise<readonly string[]> {
    const { lab, fromOutside } = this.options;
    if (lab === null || !fromOutside)
      return [...new Set(tapsOf(this.#topology, seen).flatMap(({ vm, port }) => (ports.has(port) ? [vm] : [])))];
    const emulators = (await emulatorsOn(lab, seen.host)).filter(({ taps }) => taps.some((tap) => ports.has(tap)));
    const macs = new Set(emulators.flatMap((emulator) => emulator.macs));
    return this.#topology.vms.flatMap(({ name, nics }) => (nics.some(({ mac }) => macs.has(mac)) ? [name] : []));
  }

  async placeOf({
    host,
    network,
    mac,
  }: {
    readonly host: string;
    readonly network: string;
    readonly mac: string;
  }): Promise<string | null> {
    const bridge = bridgeOf(this.#topology, network, await this.#look(host));
    if (bridge === null) return null;
    const entry = fdbEntries(bridge.flows).find((one) => one.mac === mac) ?? (await this.#learned(host, bridge, mac));
    if (entry === undefined) return null;
    const port = bridge.ports.find(({ interface: { ofport } }) => ofport === entry.ofport);
    const tunnel = port === undefined ? null : tunnelOf(this.#topology, port);
    if (tunnel === null) return host;
    const remote = tunnel.remote ?? entry.remote;
    return remote === null ? null : (hostAt(this.#topology, remote) ?? remote);
  }

  /** A bridge with a pipeline of vxmig's never learns by itself. */
  async #learned(host: string, bridge: ObservedBridge, mac: string) {
    if (bridge.externalIds['vxmig-network'] !== undefined) return undefined;
    const entries = await readFdb(this.#controller.session(host).shell, bridge.name);
    const found = entries.find((one) => one.mac === mac);
    return found === undefined ? undefined : { ...found, remote: null };
  }

  async ping(question: PingQuestion): Promise<readonly PingAnswer[]> {
    return await this.#reach.ping(question);
  }

  async connect(question: ConnectQuestion): Promise<readonly PingAnswer[] | null> {
    return await this.#reach.connect(question);
  }

  /** Of the controller that there is now: a migration brings another one. */
  get #reach(): Reach {
    return new Reach(this.#controller, this.options, async (host) => await this.#look(host));
  }

  async migrate(question: {
    readonly vm: string;
    readonly to: string;
    readonly strategy: StrategyName | null;
  }): Promise<MigrationResult | null> {
    const { result, controller } = await this.options.migrate(this.#controller, question);
    this.#controller = controller;
    return result;
  }

  async run({
    host,
    argv,
    timeoutMs,
  }: {
    readonly host: string;
    readonly argv: readonly string[];
    readonly timeoutMs: number;
  }): Promise<CommandAnswer> {
    const limited = ['timeout', '-k', '1', String(timeoutMs / 1000), ...argv];
    const { shell } = this.#controller.session(host);
    const { stdout, exitCode } = await shell.run(limited, { accept: ANY_STATUS, timeoutMs: timeoutMs + 10_000 });
    const kept = Buffer.from(stdout).subarray(0, OUTPUT_LIMIT_BYTES).toString('utf8');
    return { exit: TIMED_OUT.includes(exitCode) ? null : exitCode, stdout: kept };
  }

  async packets({ host, filter, meanwhile, onlyOwn, enough, timeoutMs }: PacketQuestion): Promise<number> {
    const { lab, signal } = this.options;
    if (lab === null) throw new Error('the underlay is listened to in labs only');
    const nonce = newNonce();
    const ping =
      meanwhile === null
        ? null
        : () => this.#reach.pingWith({ ...meanwhile, network: null, count: 3, bytes: null }, nonce);
    // A guest's pings carry nothing that was given to them.
    const isOwn = onlyOwn && this.#topology.hosts.some(({ name }) => name === meanwhile?.from);
    const wanted = isOwn ? `(${filter}) && ${ofNonce(nonce)}` : filter;
    return await capture({ lab, host, filter: wanted, enough, timeoutMs, meanwhile: ping, signal });
  }

  async trace(question: TraceQuestion): Promise<readonly TracedWay[]> {
    const controller = this.#controller;
    const hosts = await controller.observe();
    const shellOf = (host: string) => controller.session(host).shell;
    return await frameWays({ ...question, topology: controller.topology, hosts, shellOf });
  }

  async verify(): Promise<readonly Check[]> {
    return await verify(this.#controller);
  }

  async #look(host: string): Promise<ObservedHost> {
    this.options.signal.throwIfAborted();
    const seen = await this.#controller.session(host).observe(this.#topology.name);
    if (!seen.switchAnswers)
      throw new VxmigError('HOST_UNFIT', `ovs-vswitchd does not answer on ${host}`, { where: host });
    return seen;
  }
}
