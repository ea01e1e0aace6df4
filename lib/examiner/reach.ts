import { setTimeout as sleep } from 'node:timers/promises';
import type { Controller } from '../controller/controller.js';
import { type Connected, guestConnect, guestPing, guestPingLog, hostConnect } from '../controller/pings.js';
import type { ConnectQuestion, PingAnswer, PingQuestion } from '../grade/eyes.js';
import { PingStream } from '../measure/ping-stream.js';
import { withoutLength } from '../model/address.js';
import { CommandError } from '../model/errors.js';
import { probePortName } from '../model/names.js';
import { commonNetwork, pairUp } from '../model/probe-path.js';
import type { Topology, Vm } from '../model/topology.js';
import { guestAsker } from '../plan/desired-ports.js';
import type { ObservedHost } from '../plan/observed.js';
import { newNonce } from './nonce.js';
import { doubtAbout, emulatorsWith, noEmulator } from './outside-view.js';

const PING_INTERVAL_MS = 200;
/** Of the host's ping, beyond its pings. */
const PING_TIMEOUT_MS = 15_000;
/** A reply later than this counts for none. */
const PING_PATIENCE_MS = 1000;
/** Of a command's output more is not kept. */
export const OUTPUT_LIMIT_BYTES = 65_536;

/** How it is looked whether somebody answers. */
export interface ReachOptions {
  /** The lab whose router the underlay is listened at; null: there is none. */
  readonly lab: string | null;
  /** Whoever has configured the hosts may be root there: who answers is seen from outside of them. Labs only. */
  readonly fromOutside: boolean;
  readonly signal: AbortSignal;
}

/** Who answers whom: pings and connections between the machines of a topology whose hosts are connected. */
export class Reach {
  constructor(
    private readonly controller: Controller,
    private readonly options: ReachOptions,
    private readonly look: (host: string) => Promise<ObservedHost>,
  ) {}

  async ping(question: PingQuestion): Promise<readonly PingAnswer[]> {
    const answers = await this.pingWith(question, newNonce());
    const isFromHost = this.controller.topology.hosts.some(({ name }) => name === question.from);
    return this.options.fromOutside && isFromHost ? await this.#fromOutside(question, answers) : answers;
  }

  /** @param nonce what the pings of a host carry; a guest's carry nothing that was given to them */
  async pingWith(question: PingQuestion, nonce: string): Promise<readonly PingAnswer[]> {
    const sender = this.controller.topology.vms.find(({ name }) => name === question.from);
    if (sender !== undefined) return await this.#pingFromGuest(sender, question);
    return await this.#pingFromHost(question, nonce);
  }

  async connect(question: ConnectQuestion): Promise<readonly PingAnswer[] | null> {
    const { from, count, protocol } = question;
    const sender = this.controller.topology.vms.find(({ name }) => name === from);
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
    const { hosts, vms } = this.controller.topology;
    const macs = vms.flatMap(({ name, nics }) => (name === vm ? nics.map(({ mac }) => mac) : []));
    return { hosts: hosts.map(({ name }) => name), macs };
  }

  async #triesOfHost({ from, to, network, protocol, port }: ConnectQuestion): Promise<Try[]> {
    const over = network ?? commonNetwork(this.controller.topology, from, to);
    const { shell } = this.controller.session(from);
    const namespace = await this.#probeNamespace(from, over);
    return prefixesOf(this.controller.topology, to, over).map((prefix) => {
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

  /**
   * Out of the host's port in the network where it has one, which no other network's frames can come in by; else as the
   * host itself would.
   */
  async #pingFromHost(question: PingQuestion, nonce: string): Promise<readonly PingAnswer[]> {
    const { from, to, count, bytes } = question;
    const network = this.#networkOf(question);
    const namespace = await this.#probeNamespace(from, network);
    const inside = namespace === null ? [] : ['ip', 'netns', 'exec', namespace];
    const { shell } = this.controller.session(from);
    const answers = prefixesOf(this.controller.topology, to, network).map(async (prefix) => {
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
    const namespace = probePortName(this.controller.topology.name, network, host);
    const { namespaces } = await this.look(host);
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

  /**
   * How a guest is told what to do, and between which addresses. @throws Error where no host has a port to tell it over
   */
  async #guest(sender: Vm, question: Pick<PingQuestion, 'from' | 'to' | 'network'>) {
    const network = this.#networkOf(question);
    const own = sender.nics
      .filter((nic) => network === null || nic.network === network)
      .flatMap((nic) => nic.addresses);
    const pairs = pairUp(own, prefixesOf(this.controller.topology, question.to, network));
    const asks = guestAsker(this.controller.topology);
    const { shell } = this.controller.session(asks);
    const namespace = await this.#probeNamespace(asks, network ?? sender.nics[0]?.network ?? '');
    if (namespace === null)
      throw new Error(
        `${asks} has no probe port to ask VM ${sender.name} over: give the topology a probe from ${sender.name}`,
      );
    return { pairs, shell, namespace, network };
  }

  #networkOf({ network, from, to }: Pick<PingQuestion, 'from' | 'to' | 'network'>): string | null {
    return network ?? commonNetwork(this.controller.topology, from, to);
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
