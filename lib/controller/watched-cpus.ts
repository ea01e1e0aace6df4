import type { HostShell } from '../host/connection.js';
import { type CommonCpu, wantsBaseline } from '../model/cpu-baseline.js';
import type { Topology } from '../model/topology.js';
import { cpuKey } from '../negotiate/cpu-baseline.js';
import { baselineCpus } from '../plan/baseline-cpus.js';
import type { VmFacts } from '../plan/desired-vms.js';
import type { Accelerator } from '../plan/domain-xml.js';
import type { ObservedVms } from '../plan/observed.js';
import { askCpu, commonCpu, type ToldCpu } from './cpu-baseline.js';
import { vmFacts } from './facts.js';

/**
 * What the hosts of a watch can give: as observeVmFacts, but a host is asked with its own looks, one that is away has
 * what it had, and libvirt reckons only when a host says something else than before.
 */
export class WatchedCpus {
  readonly #told = new Map<string, ToldCpu>();
  readonly #reckoned = new Map<string, CommonCpu>();

  constructor(private readonly topology: Topology) {}

  /**
   * @param looking the host that is looked at
   * @param shells of hosts that are connected
   * @throws VxmigError HOST_UNFIT as baselineCpus
   */
  async facts(
    observed: readonly ObservedVms[],
    looking: string,
    shells: ReadonlyMap<string, HostShell>,
  ): Promise<VmFacts> {
    const facts = vmFacts(observed);
    if (!this.topology.vms.some(wantsBaseline)) return facts;
    const { type } = facts.accelerator;
    const told = await Promise.all(
      this.topology.hosts.map(async ({ name }) => await this.#ask(name, type, name === looking, shells.get(name))),
    );
    return { ...facts, ...baselineCpus(this.topology, observed, await this.#common(told, type, shells)) };
  }

  async #ask(host: string, type: Accelerator['type'], isLooked: boolean, shell?: HostShell): Promise<ToldCpu> {
    const key = `${type} ${host}`;
    const before = this.#told.get(key);
    if (before !== undefined && (!isLooked || shell === undefined)) return before;
    if (shell === undefined) return { host, model: null, complaint: 'it is away' };
    const told = await askCpu(host, shell, type);
    this.#told.set(key, told);
    return told;
  }

  async #common(
    told: readonly ToldCpu[],
    type: Accelerator['type'],
    shells: ReadonlyMap<string, HostShell>,
  ): Promise<CommonCpu> {
    const key = JSON.stringify([type, told.map(({ host, model }) => [host, model === null ? null : cpuKey(model)])]);
    const before = this.#reckoned.get(key);
    if (before !== undefined) return before;
    // The first of the file's order, as for apply: another libvirt may reckon otherwise.
    const name = this.topology.hosts.map((host) => host.name).find((host) => shells.has(host));
    const shell = name === undefined ? undefined : shells.get(name);
    if (shell === undefined) return { kind: 'unknown', why: 'no host is there to ask', fix: '' };
    const common = await commonCpu(told, type, shell);
    this.#reckoned.clear();
    if (common.kind === 'known') this.#reckoned.set(key, common);
    return common;
  }
}
