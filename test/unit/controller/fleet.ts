import { Controller } from '../../../lib/controller/controller.js';
import { HostSession } from '../../../lib/controller/host-session.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { CommandError } from '../../../lib/model/errors.js';
import type { MountRemoval, MountSight, MountStep } from '../../../lib/model/mount.js';
import type { Topology } from '../../../lib/model/topology.js';
import { OvsDatabase } from '../../../lib/network/ovs/ovs-database.js';
import { OvsSession } from '../../../lib/network/ovs/ovs-session.js';
import type { DomainStep, OvsScope } from '../../../lib/plan/host-plan.js';
import type { ObservedBridge, ObservedHost } from '../../../lib/plan/observed.js';
import { afterCommand, afterFlows, afterOvs, afterStep } from '../plan/executed.js';
import { freshHosts } from '../plan/hosts.js';
import { MemoryOvsdb } from './memory-ovsdb.js';
import { ScriptedShell } from './scripted-shell.js';

/** What is done to a host, in the order in which it is done: `host-a ovs add-bridge`, `host-b vm start`. */
export type Doing = (what: string) => void;

/** A host in memory: what is done to it changes what is observed of it. */
class MemoryHost {
  /** Every guest that is asked for is up; a test adds what else is asked. */
  readonly shell: ScriptedShell;
  readonly database = new MemoryOvsdb();

  constructor(
    public state: ObservedHost,
    private readonly doing: Doing,
  ) {
    this.shell = new ScriptedShell(state.host).on(/^ip netns exec \S+ sh -s /);
    this.shell.sockets.set(...this.database.socket);
  }

  /** @throws CommandError where whoever listens says so; nothing of that step is done then */
  do(what: string, after: (host: ObservedHost) => ObservedHost): void {
    this.doing(`${this.state.host} ${what}`);
    this.state = after(this.state);
  }
}

class MemorySwitch extends OvsSession {
  constructor(private readonly host: MemoryHost) {
    super(host.state.host, nothingBehind('a shell'), nothingBehind('a database'));
  }

  override async execute({ prepare, ovs, settle, flows }: OvsScope): Promise<void> {
    for (const command of prepare) this.#run(command);
    for (const change of ovs) this.host.do(`ovs ${change.kind}`, (host) => afterOvs(host, change));
    for (const command of settle) this.#run(command);
    for (const one of flows) this.host.do('flows', (host) => afterFlows(host, one));
    // As on a real host, others are heard of before it is done.
    await new Promise((resolve) => setImmediate(resolve));
  }

  override async prune({ remove }: OvsScope): Promise<void> {
    for (const command of remove.prepare) this.#run(command);
    for (const change of remove.ovs) this.host.do(`ovs ${change.kind}`, (host) => afterOvs(host, change));
    for (const command of remove.commands) this.#run(command);
  }

  override async readPorts(): Promise<readonly ObservedBridge[]> {
    this.bridges = this.host.state.bridges;
    return this.host.state.bridges;
  }

  #run(command: OvsScope['prepare'][number]): void {
    const words = command.argv.filter((word) => !word.startsWith('-'));
    this.host.do(words.slice(0, 3).join(' '), (host) => afterCommand(host, command));
  }
}

class MemorySession extends HostSession {
  #seen: ObservedHost | null = null;
  readonly #host: MemoryHost;

  constructor(host: MemoryHost, database: OvsDatabase) {
    const expected = { bridges: [], hasVms: true, volumes: [], mounts: [] };
    super(host.state.host, host.shell, database, expected, null, new MemorySwitch(host));
    this.#host = host;
  }

  override get observed(): ObservedHost {
    if (this.#seen === null) throw new Error(`${this.name} has not been observed`);
    return this.#seen;
  }

  override async observe(): Promise<ObservedHost> {
    this.#host.do('observe', (host) => host);
    this.#seen = this.#host.state;
    this.network.bridges = this.#seen.bridges;
    return this.#seen;
  }

  override async executeDomains(steps: readonly DomainStep[]): Promise<void> {
    await this.inTurn(async () => {
      for (const step of steps)
        this.#host.do(`vm ${step.kind}`, (host) => ({ ...host, domains: afterStep(host.domains, step) }));
    });
  }

  override async mount(steps: readonly MountStep[]): Promise<void> {
    for (const step of steps) this.#host.do('mount', (host) => ({ ...host, mounts: afterMount(host.mounts, step) }));
  }

  override async unmount(removals: readonly MountRemoval[]): Promise<void> {
    for (const { path } of removals)
      this.#host.do('unmount', ({ mounts, ...host }) => ({
        ...host,
        mounts: {
          ...mounts,
          points: mounts.points.filter((point) => point.path !== path),
          marks: mounts.marks.filter((mark) => mark.path !== path),
        },
      }));
  }

  override async observePorts(): Promise<void> {
    this.#seen = { ...this.observed, bridges: await this.network.readPorts() };
  }

  override close(): void {
    if (this.ovs instanceof OvsDatabase) this.ovs.close();
  }
}

/** All hosts of a topology, in memory, with the controller of them. */
export class Fleet {
  readonly controller: Controller;
  readonly #hosts: ReadonlyMap<string, MemoryHost>;
  /** What was done, observations left out. */
  readonly done: string[] = [];
  /** Asked before each step, observations among them; throws where it is to fail. */
  before: Doing = () => {};

  constructor(topology: Topology, states: readonly ObservedHost[] = freshHosts(topology)) {
    const doing: Doing = (what) => {
      this.before(what);
      if (!what.endsWith(' observe')) this.done.push(what);
    };
    this.#hosts = new Map(states.map((state) => [state.host, new MemoryHost(state, doing)]));
    const sessions = [...this.#hosts].map(
      ([name, host]) => [name, new MemorySession(host, nothingBehind('a database'))] as const,
    );
    this.controller = new Controller(topology, new Map(sessions));
  }

  /** A session of its own, with the host's database. @throws OvsdbError where that cannot be reached */
  async open(name: string): Promise<HostSession> {
    const host = this.#host(name);
    return new MemorySession(host, await OvsDatabase.open(host.shell));
  }

  shell(name: string): ScriptedShell {
    return this.#host(name).shell;
  }

  database(name: string): MemoryOvsdb {
    return this.#host(name).database;
  }

  get states(): ObservedHost[] {
    return [...this.#hosts.values()].map(({ state }) => state);
  }

  /** Somebody else changes a host. */
  change(name: string, change: (host: ObservedHost) => Partial<ObservedHost>): void {
    const host = this.#host(name);
    host.state = { ...host.state, ...change(host.state) };
  }

  #host(name: string): MemoryHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }
}

function afterMount(mounts: MountSight, { storage, source, path }: MountStep): MountSight {
  const point = { id: '7', path, type: 'nfs4', source, options: ['rw', 'hard'] };
  return { ...mounts, points: [...mounts.points, point], marks: [...mounts.marks, { storage, id: '7', path }] };
}

/** As of a command that ended with 1. */
export function failing(what: string): CommandError {
  return new CommandError(what.split(' ')[0] ?? '', what.split(' ').slice(1), 1, 'no');
}

function nothingBehind<Thing extends HostShell | OvsDatabase>(what: string): Thing {
  const refuse = (_: unknown, key: string | symbol) => {
    throw new Error(`${what} is asked for ${String(key)}`);
  };
  return new Proxy({}, { get: refuse }) as Thing;
}
