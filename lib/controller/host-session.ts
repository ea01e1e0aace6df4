import { executeDomainStep } from '../compute/libvirt/domain-step.js';
import type { HostShell } from '../host/connection.js';
import { type Machine, notRoot, observeMachine } from '../host/machine.js';
import { mountStorage, unmountStorage } from '../host/mounts.js';
import { removeSeeds, writeSeed } from '../host/seeds.js';
import { sendImage } from '../host/send-image.js';
import { SSH_SESSIONS } from '../host/session-pool.js';
import { makeVolume, removeVolume, settleVolume } from '../host/volumes.js';
import type { UploadStep } from '../model/base-image.js';
import type { Emit } from '../model/event.js';
import type { MountRemoval, MountStep } from '../model/mount.js';
import type { SeedStep } from '../model/seed.js';
import type { SshSettings } from '../model/topology.js';
import type { VolumeRemoval, VolumeSettling, VolumeStep } from '../model/volume-step.js';
import { OvsDatabase } from '../network/ovs/ovs-database.js';
import { OvsSession } from '../network/ovs/ovs-session.js';
import type { DomainStep } from '../plan/host-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import { type Expected, observeHost } from './observe.js';

/**
 * One host, connected: what is known of it, and the only place that changes it. Changes of its network and its domains
 * go one after the other, whoever asks for them.
 */
export class HostSession {
  #observed: ObservedHost | null = null;
  #lastChange: Promise<unknown> = Promise.resolve();

  protected constructor(
    readonly name: string,
    readonly shell: HostShell,
    readonly ovs: OvsDatabase,
    private readonly expected: Expected,
    /** null: not asked, or not told. */
    readonly machine: Machine | null,
    readonly network: OvsSession = new OvsSession(name, shell, ovs),
  ) {}

  /** @throws VxmigError SSH_CONNECT, SSH_HOST_KEY, OVSDB, HOST_UNFIT where we are not root there */
  static async open(name: string, settings: SshSettings, expected: Expected): Promise<HostSession> {
    const shell = await SSH_SESSIONS.open(name, settings);
    try {
      const opening = OvsDatabase.open(shell);
      // Who is not root cannot open it, and is told why.
      opening.catch(() => undefined);
      // A lab's hosts are as vxmig has made them.
      const machine = settings.client === undefined ? null : await observeMachine(shell);
      if (machine?.isRoot === false) {
        void opening.then(
          (ovs) => ovs.close(),
          () => undefined,
        );
        throw notRoot(name, machine.user);
      }
      return new HostSession(name, shell, await opening, expected, machine);
    } catch (error) {
      shell.close();
      throw error;
    }
  }

  close(): void {
    this.ovs.close();
    this.shell.close();
  }

  get observed(): ObservedHost {
    if (this.#observed === null) throw new Error(`${this.name} has not been observed`);
    return this.#observed;
  }

  async observe(topology: string): Promise<ObservedHost> {
    this.#observed = await observeHost(this, topology, this.expected);
    this.network.bridges = this.#observed.bridges;
    return this.#observed;
  }

  /** Does `change` when all that were asked for before have ended, well or not. */
  async inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#lastChange.then(change, change);
    this.#lastChange = done.catch(() => {});
    return await done;
  }

  async executeDomains(steps: readonly DomainStep[], emit: Emit): Promise<void> {
    await this.inTurn(async () => {
      // Guests need their time for that: all of them the same.
      const shutdowns = steps.filter(({ kind }) => kind === 'shutdown');
      await Promise.all(shutdowns.map((step) => executeDomainStep(this.shell, step, emit)));
      for (const step of steps) if (step.kind !== 'shutdown') await executeDomainStep(this.shell, step, emit);
    });
  }

  /** Images that disks are to begin with. Nobody's turn is waited for: it takes long, and is in nobody's way. */
  async takeImages(uploads: readonly UploadStep[], telling: Parameters<typeof sendImage>[2]): Promise<void> {
    for (const upload of uploads) await sendImage(this.shell, upload, telling);
  }

  /** What VMs start from: their media, and the images of their disks. */
  async makeDisks(seeds: readonly SeedStep[], volumes: readonly VolumeStep[]): Promise<void> {
    await this.inTurn(async () => {
      for (const seed of seeds) await writeSeed(this.shell, seed);
      for (const volume of volumes) await makeVolume(this.shell, volume);
    });
  }

  /** Storage that the kernel is to ask for. */
  async mount(steps: readonly MountStep[]): Promise<void> {
    await this.inTurn(async () => {
      for (const step of steps) await mountStorage(this.shell, step);
    });
  }

  /** After the disks there. @throws VxmigError APPLY_FAILED where somebody uses it */
  async unmount(removals: readonly MountRemoval[]): Promise<void> {
    await this.inTurn(async () => {
      for (const removal of removals) await unmountStorage(this.shell, removal);
    });
  }

  /** Images to which their VMs have come. */
  async keepDisks(volumes: readonly VolumeSettling[]): Promise<void> {
    await this.inTurn(async () => {
      for (const volume of volumes) await settleVolume(this.shell, volume);
    });
  }

  /** After the VMs that had them. */
  async removeDisks(seeds: readonly string[], volumes: readonly VolumeRemoval[]): Promise<void> {
    await this.inTurn(async () => {
      await removeSeeds(this.shell, seeds);
      for (const volume of volumes) await removeVolume(this.shell, volume);
    });
  }

  /** Ports and their numbers alone, after a change. */
  async observePorts(): Promise<void> {
    this.#observed = { ...this.observed, bridges: await this.network.readPorts() };
  }
}
