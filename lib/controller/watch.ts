import type { Topology } from '../model/topology.js';
import type { WatchedState } from '../model/watch-state.js';
import { HostWatch } from './host-watch.js';
import { WATCH_MEANS, type WatchMeans } from './watch-means.js';
import type { WatchOptions } from './watch-options.js';
import { WatchedCpus } from './watched-cpus.js';

/** Keeps looking at the hosts of a topology whenever something changes on them. */
export class Watch {
  readonly #hosts: readonly HostWatch[];

  private constructor(topology: Topology, options: WatchOptions, means: WatchMeans) {
    const all: HostWatch[] = [];
    const cpus = new WatchedCpus(topology);
    for (const host of topology.hosts) all.push(new HostWatch(topology, host, options, all, means, cpus));
    this.#hosts = all;
  }

  /**
   * Resolves when every host is watched; from then on hosts may come and go.
   * @throws VxmigError SSH_CONNECT, SSH_HOST_KEY, OVSDB where one cannot be reached
   */
  static async begin(topology: Topology, options: WatchOptions, means: WatchMeans = WATCH_MEANS): Promise<Watch> {
    const watch = new Watch(topology, options, means);
    const opened = await Promise.allSettled(watch.#hosts.map((host) => host.open()));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await watch.#close();
      throw failed.reason;
    }
    return watch;
  }

  state(): WatchedState[] {
    return this.#hosts.map((host) => host.state());
  }

  /** Until the signal; resolves when nothing of ours runs on the hosts any more. */
  async run(signal: AbortSignal): Promise<void> {
    // A bug at one host ends the others, too.
    const broken = new AbortController();
    const over = AbortSignal.any([signal, broken.signal]);
    try {
      await Promise.all(this.#hosts.map((host) => host.run(over).finally(() => broken.abort())));
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#hosts.map((host) => host.close()));
  }
}
