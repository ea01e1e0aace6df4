import { setTimeout as sleep } from 'node:timers/promises';
import type { Controller } from '../controller/controller.js';
import { guestPing, guestPingLog } from '../controller/pings.js';
import { verify } from '../controller/verify.js';
import type {
  CommandAnswer,
  Eyes,
  PacketQuestion,
  PingAnswer,
  PingQuestion,
  SeenBridge,
  TracedWay,
} from '../grade/eyes.js';
import { readFdb } from '../host/learned-macs.js';
import { PingStream } from '../measure/ping-stream.js';
import type { Check } from '../model/check.js';
import { CommandError, VxmigError } from '../model/errors.js';
import type { MigrationResult } from '../model/migration-result.js';
import { probePortName } from '../model/names.js';
import { commonNetwork, pairUp } from '../model/probe-path.js';
import type { Strategy, Topology, Vm } from '../model/topology.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { guestAsker } from '../plan/desired.js';
import type { ObservedBridge, ObservedHost } from '../plan/observed.js';
import { capture } from './capture.js';
import { frameWay } from './frame-way.js';
import { bridgeOf, hostAt, tapsOf, tunnelOf } from './recognise.js';

const PING_INTERVAL_MS = 200;
/** Of the host's ping, beyond its pings. */
const PING_TIMEOUT_MS = 15_000;
/** A reply later than this counts for none. */
const PING_PATIENCE_MS = 1000;
/** Of a command's output more is not kept. */
const OUTPUT_LIMIT_BYTES = 65_536;
/** As timeout(1) tells that it has stopped the command; 137 where it had to kill it. */
const TIMED_OUT: readonly number[] = [124, 137];
const ANY_STATUS = Array.from({ length: 256 }, (_, status) => status);

export interface HostEyesOptions {
  /** Moves a VM; resolves to the result, and the controller with which the hosts are seen from then on. */
  readonly migrate: (
    controller: Controller,
    question: { readonly vm: string; readonly to: string; readonly strategy: Strategy | null },
  ) => Promise<{ readonly result: MigrationResult | null; readonly controller: Controller }>;
  /** The lab whose router the underlay is listened at; null: there is none. */
  readonly lab: string | null;
  readonly signal: AbortSignal;
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
        const tunnel = tunnelOf(port);
        return tunnel === null ? [] : [{ port: port.name, ...tunnel }];
      }),
      vms: [...new Set(tapsOf(this.#topology, seen).flatMap(({ vm, port }) => (ready.has(port) ? [vm] : [])))],
    };
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
    const tunnel = port === undefined ? null : tunnelOf(port);
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
    const sender = this.#topology.vms.find(({ name }) => name === question.from);
    return sender === undefined ? await this.#pingFromHost(question) : await this.#pingFromGuest(sender, question);
  }

  /** Out of the host's port in the network where it has one, which no other network's frames can come in by; else as the host itself would. */
  async #pingFromHost(question: PingQuestion): Promise<readonly PingAnswer[]> {
    const { from, to, count, bytes } = question;
    const network = this.#networkOf(question);
    const namespace = network === null ? null : probePortName(this.#topology.name, network, from);
    const { shell } = this.#controller.session(from);
    const { namespaces } = await this.#look(from);
    const isThere = namespaces.some(({ name }) => name === namespace);
    const inside = isThere && namespace !== null ? ['ip', 'netns', 'exec', namespace] : [];
    const answers = prefixesOf(this.#topology, to, network).map(async (prefix) => {
      const [address = prefix] = prefix.split('/');
      const headers = address.includes(':') ? 48 : 28;
      const size = bytes === null ? [] : ['-M', 'do', '-s', String(bytes - headers)];
      const pace = ['-n', '-q', '-c', String(count), '-i', String(PING_INTERVAL_MS / 1000), '-W', '1'];
      const { stdout } = await shell.run([...inside, 'ping', ...pace, ...size, address], {
        accept: [0, 1, 2],
        timeoutMs: count * PING_INTERVAL_MS + PING_TIMEOUT_MS,
        limitBytes: OUTPUT_LIMIT_BYTES,
      });
      const received = Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
      return { address, sent: count, received: Math.min(received, count) };
    });
    return await Promise.all(answers);
  }

  async #pingFromGuest(sender: Vm, question: PingQuestion): Promise<readonly PingAnswer[]> {
    const { to, count, bytes } = question;
    if (bytes !== null) throw new Error('packets of a given size are sent by hosts only');
    if (sender.source.kind !== 'image')
      throw new Error(`VM ${sender.name} is not one of the lab's own guests, and can't be told to ping`);
    const network = this.#networkOf(question);
    const own = sender.nics
      .filter((nic) => network === null || nic.network === network)
      .flatMap((nic) => nic.addresses);
    const pairs = pairUp(own, prefixesOf(this.#topology, to, network));
    const asks = guestAsker(this.#topology);
    const { shell } = this.#controller.session(asks);
    const namespace = probePortName(this.#topology.name, network ?? sender.nics[0]?.network ?? '', asks);
    const { namespaces } = await this.#look(asks);
    if (!namespaces.some(({ name }) => name === namespace))
      throw new Error(
        `${asks} has no probe port to ask VM ${sender.name} over: give the topology a probe from ${sender.name}`,
      );
    const answers: PingAnswer[] = [];
    for (const { source, target } of pairs) {
      const request = { network: network ?? '', guestAddress: source, address: target, intervalMs: PING_INTERVAL_MS };
      let log: string;
      try {
        await guestPing(shell, namespace, request, 'start');
        await sleep(count * PING_INTERVAL_MS + PING_PATIENCE_MS, undefined, { signal: this.options.signal });
        await guestPing(shell, namespace, request, 'stop');
        log = await guestPingLog(shell, namespace, request, 0);
      } catch (error) {
        // Whom nobody can talk to cannot be heard either.
        if (!(error instanceof CommandError)) throw error;
        answers.push({ address: target, sent: count, received: 0 });
        continue;
      }
      const answered = new PingStream().push(log).flatMap((event) => (event.kind === 'reply' ? [event.sequence] : []));
      answers.push({ address: target, sent: count, received: new Set(answered.filter((one) => one <= count)).size });
    }
    return answers;
  }

  #networkOf({ network, from, to }: PingQuestion): string | null {
    return network ?? commonNetwork(this.#topology, from, to);
  }

  async migrate(question: {
    readonly vm: string;
    readonly to: string;
    readonly strategy: Strategy | null;
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

  async packets({ host, filter, meanwhile, enough, timeoutMs }: PacketQuestion): Promise<number> {
    const { lab, signal } = this.options;
    if (lab === null) throw new Error('the underlay is listened to in labs only');
    const ping = meanwhile === null ? null : () => this.ping({ ...meanwhile, network: null, count: 3, bytes: null });
    return await capture({ lab, host, filter, enough, timeoutMs, meanwhile: ping, signal });
  }

  async trace({
    from,
    to,
    network,
  }: {
    readonly from: string;
    readonly to: string;
    readonly network: string;
  }): Promise<TracedWay> {
    const controller = this.#controller;
    const hosts = await controller.observe();
    const shellOf = (host: string) => controller.session(host).shell;
    return await frameWay({ topology: controller.topology, hosts, shellOf, network, from, to });
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

/** Those that the VM has in the network, or all where it has none there. */
function prefixesOf({ vms }: Topology, vm: string, network: string | null): readonly string[] {
  const { nics = [] } = vms.find(({ name }) => name === vm) ?? {};
  const there = nics.filter((nic) => nic.network === network);
  return (there.length > 0 ? there : nics).flatMap(({ addresses }) => addresses);
}
