import { setTimeout as sleep } from 'node:timers/promises';
import type { Controller } from '../controller/controller.js';
import { type Connected, guestConnect, guestPing, guestPingLog, hostConnect } from '../controller/pings.js';
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
import { PingStream } from '../measure/ping-stream.js';
import { withoutLength } from '../model/address.js';
import type { Check } from '../model/check.js';
import { CommandError, VxmigError } from '../model/errors.js';
import type { MigrationResult } from '../model/migration-result.js';
import { probePortName } from '../model/names.js';
import { commonNetwork, pairUp } from '../model/probe-path.js';
import type { Strategy, Topology, Vm } from '../model/topology.js';
import { readFdb } from '../network/ovs/learned-macs.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { guestAsker } from '../plan/desired.js';
import type { ObservedBridge, ObservedHost } from '../plan/observed.js';
import { capture } from './capture.js';
import { frameWays } from './frame-way.js';
import { newNonce, ofNonce } from './nonce.js';
import { doubtAbout, emulatorsOn, emulatorsWith, noEmulator } from './outside-view.js';
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
  /** Whoever has configured the hosts may be root there: who answers is seen from outside of them. Labs only. */
  readonly fromOutside: boolean;
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
    const answers = await this.#ping(question, newNonce());
    const isFromHost = this.#topology.hosts.some(({ name }) => name === question.from);
    return this.options.fromOutside && isFromHost ? await this.#fromOutside(question, answers) : answers;
  }

  async #ping(question: PingQuestion, nonce: string): Promise<readonly PingAnswer[]> {
    const sender = this.#topology.vms.find(({ name }) => name === question.from);
    if (sender !== undefined) return await this.#pingFromGuest(sender, question);
    return await this.#pingFromHost(question, nonce);
  }

  async connect(question: ConnectQuestion): Promise<readonly PingAnswer[] | null> {
    const { from, count, protocol } = question;
    const sender = this.#topology.vms.find(({ name }) => name === from);
    const isGuest = sender?.source.kind === 'image';
    // A guest is told what to do over TCP, and has no program for UDP.
    if (sender !== undefined && (!isGuest || protocol === 'udp')) return null;
    const tries = sender === undefined ? await this.#triesOfHost(question) : await this.#triesOfGuest(sender, question);
    const answers = await Promise.all(
      tries.map(async ({ address, once }) => {
        // One that is answered is enough.
        const most = Math.min(count, MOST_TRIES);
        for (let sent = 1; sent <= most; sent += 1)
          if ((await once()) !== 'silent') return { address, sent, received: 1 };
        return { address, sent: most, received: 0 };
      }),
    );
    return sender === undefined ? await this.#withVm(question.to, answers) : answers;
  }

  /** From outside nobody answers for a VM that no QEMU runs. */
  async #withVm(to: string, answers: readonly PingAnswer[]): Promise<readonly PingAnswer[]> {
    const { lab, fromOutside } = this.options;
    if (lab === null || !fromOutside || answers.every(({ received }) => received === 0)) return answers;
    const doubt = noEmulator(await emulatorsWith(lab, this.#outsideOf(to)));
    return doubt === null ? answers : answers.map((answer) => ({ ...answer, doubt }));
  }

  #outsideOf(vm: string): { readonly hosts: readonly string[]; readonly macs: readonly string[] } {
    const { hosts, vms } = this.#topology;
    const macs = vms.flatMap(({ name, nics }) => (name === vm ? nics.map(({ mac }) => mac) : []));
    return { hosts: hosts.map(({ name }) => name), macs };
  }

  async #triesOfHost({ from, to, network, protocol, port }: ConnectQuestion): Promise<Try[]> {
    const over = network ?? commonNetwork(this.#topology, from, to);
    const { shell } = this.#controller.session(from);
    const namespace = await this.#probeNamespace(from, over);
    return prefixesOf(this.#topology, to, over).map((prefix) => {
      const address = withoutLength(prefix);
      return { address, once: async () => await hostConnect(shell, namespace, { protocol, address, port }) };
    });
  }

  async #triesOfGuest(sender: Vm, question: ConnectQuestion): Promise<Try[]> {
    const { pairs, shell, namespace } = await this.#guest(sender, question);
    return pairs.map(({ source: guestAddress, target: address }) => ({
      address,
      once: async () =>
        await guestConnect(shell, namespace, { guestAddress, address, port: question.port }).catch(unheard),
    }));
  }

  /** Out of the host's port in the network where it has one, which no other network's frames can come in by; else as the host itself would. */
  async #pingFromHost(question: PingQuestion, nonce: string): Promise<readonly PingAnswer[]> {
    const { from, to, count, bytes } = question;
    const network = this.#networkOf(question);
    const namespace = await this.#probeNamespace(from, network);
    const inside = namespace === null ? [] : ['ip', 'netns', 'exec', namespace];
    const { shell } = this.#controller.session(from);
    const answers = prefixesOf(this.#topology, to, network).map(async (prefix) => {
      const address = withoutLength(prefix);
      const headers = address.includes(':') ? 48 : 28;
      const size = bytes === null ? [] : ['-M', 'do', '-s', String(bytes - headers)];
      const pace = ['-n', '-q', '-p', nonce, '-c', String(count), '-i', String(PING_INTERVAL_MS / 1000), '-W', '1'];
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

  /** The answers, each with what speaks against its being the VM's. */
  async #fromOutside(question: PingQuestion, answers: readonly PingAnswer[]): Promise<readonly PingAnswer[]> {
    const { lab, signal } = this.options;
    if (lab === null) return answers;
    const judged: PingAnswer[] = [];
    for (const answer of answers) {
      const nonce = newNonce();
      const ping = async () => await this.#pingFromHost(question, nonce);
      const doubt =
        answer.received === 0
          ? null
          : await doubtAbout({ ...this.#outsideOf(question.to), lab, address: answer.address, nonce, ping, signal });
      judged.push(doubt === null ? answer : { ...answer, doubt });
    }
    return judged;
  }

  /** null: the host has no port of its own in the network. */
  async #probeNamespace(host: string, network: string | null): Promise<string | null> {
    if (network === null) return null;
    const namespace = probePortName(this.#topology.name, network, host);
    const { namespaces } = await this.#look(host);
    return namespaces.some(({ name }) => name === namespace) ? namespace : null;
  }

  async #pingFromGuest(sender: Vm, question: PingQuestion): Promise<readonly PingAnswer[]> {
    const { count, bytes } = question;
    if (bytes !== null) throw new Error('packets of a given size are sent by hosts only');
    if (sender.source.kind !== 'image')
      throw new Error(`VM ${sender.name} is not one of the lab's own guests, and can't be told to ping`);
    const { pairs, shell, namespace, network } = await this.#guest(sender, question);
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

  /** How a guest is told what to do, and between which addresses. @throws Error where no host has a port to tell it over */
  async #guest(sender: Vm, question: Pick<PingQuestion, 'from' | 'to' | 'network'>) {
    const network = this.#networkOf(question);
    const own = sender.nics
      .filter((nic) => network === null || nic.network === network)
      .flatMap((nic) => nic.addresses);
    const pairs = pairUp(own, prefixesOf(this.#topology, question.to, network));
    const asks = guestAsker(this.#topology);
    const { shell } = this.#controller.session(asks);
    const namespace = await this.#probeNamespace(asks, network ?? sender.nics[0]?.network ?? '');
    if (namespace === null)
      throw new Error(
        `${asks} has no probe port to ask VM ${sender.name} over: give the topology a probe from ${sender.name}`,
      );
    return { pairs, shell, namespace, network };
  }

  #networkOf({ network, from, to }: Pick<PingQuestion, 'from' | 'to' | 'network'>): string | null {
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

  async packets({ host, filter, meanwhile, onlyOwn, enough, timeoutMs }: PacketQuestion): Promise<number> {
    const { lab, signal } = this.options;
    if (lab === null) throw new Error('the underlay is listened to in labs only');
    const nonce = newNonce();
    const ping =
      meanwhile === null ? null : () => this.#ping({ ...meanwhile, network: null, count: 3, bytes: null }, nonce);
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

interface Try {
  readonly address: string;
  readonly once: () => Promise<Connected>;
}

/** Each one that is not answered takes a second. */
const MOST_TRIES = 3;

/** Whom nobody can talk to cannot be heard either. */
function unheard(error: unknown): Connected {
  if (!(error instanceof CommandError)) throw error;
  return 'silent';
}

/** Those that the VM has in the network, or all where it has none there. */
function prefixesOf({ vms }: Topology, vm: string, network: string | null): readonly string[] {
  const { nics = [] } = vms.find(({ name }) => name === vm) ?? {};
  const there = nics.filter((nic) => nic.network === network);
  return (there.length > 0 ? there : nics).flatMap(({ addresses }) => addresses);
}
