import { defineDomain, destroyDomain, startDomain, undefineDomain } from '../compute/libvirt/virsh.js';
import { readDomain } from '../compute/libvirt/virsh-list.js';
import type { Controller } from '../controller/controller.js';
import { everySession } from '../controller/every-session.js';
import { vmFacts } from '../controller/facts.js';
import { sshOf } from '../controller/host-address.js';
import type { HostShell } from '../host/connection.js';
import { runCommands } from '../host/script.js';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { networkFacts } from '../network/ovs/facts.js';
import { hostOf } from '../plan/topology-parts.js';
import type { MeasuredRun } from './measured-run.js';
import {
  awaitInstalled,
  bindToBoth,
  bindToOne,
  makeLogicalNetwork,
  makeTaps,
  nbctl,
  OVN_PROGRAMS,
  removeOvn,
  removeTaps,
  sbctl,
  startCentral,
  startController,
} from './ovn-commands.js';
import { type LogicalPort, type OvnHostParts, ovnHostParts, ovnTopology, vmPorts } from './ovn-topology.js';
import { downtimeOf, virshMigrate } from './plain-virsh.js';
import { seenBy, type WatchingProbe, watched, watchingProbes } from './watch.js';

export interface OvnMove {
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/** OVN in the lab's hosts, beside vxmig's bridges: one central, a controller on each host, and a VM of its own. */
export class Ovn {
  readonly domain: string;
  readonly #topology: Topology;
  readonly #parts: readonly OvnHostParts[];
  readonly #ports: readonly LogicalPort[];
  readonly #central: string;
  readonly #probes: readonly WatchingProbe[];

  private constructor(
    readonly controller: Controller,
    vm: Vm,
    to: string,
  ) {
    const { topology } = controller;
    const observed = [...controller.sessions.values()].map((session) => session.observed);
    const datapathOf = networkFacts(topology, observed);
    const { accelerator } = vmFacts(observed);
    this.#topology = ovnTopology(topology, vm);
    this.domain = this.#topology.vms[0]?.name ?? '';
    this.#parts = topology.hosts.map((host) =>
      ovnHostParts(this.#topology, host.name, { ...datapathOf(host.name), accelerator }),
    );
    this.#ports = vmPorts(this.#topology);
    this.#probes = watchingProbes(this.#topology, this.domain);
    // On a host that is no end of the migration, where there is one.
    this.#central = (topology.hosts.find(({ name }) => name !== vm.host && name !== to) ?? hostOf(topology, to)).name;
  }

  /**
   * Starts OVN and its VM, which then answers.
   * @throws VxmigError HOST_UNFIT where OVN is not installed
   */
  static async start(controller: Controller, vm: Vm, to: string): Promise<Ovn> {
    await requireOvn(controller);
    const ovn = new Ovn(controller, vm, to);
    try {
      await ovn.#start(vm.host);
      return ovn;
    } catch (error) {
      await ovn.stop();
      throw error;
    }
  }

  async #start(home: string): Promise<void> {
    const { topology } = this.controller;
    const central = this.#shell(this.#central);
    const { address } = sshOf(hostOf(topology, this.#central));
    await runCommands(central, startCentral());
    await runCommands(
      central,
      makeLogicalNetwork([...this.#ports, ...this.#parts.flatMap(({ probes }) => probes.map(({ port }) => port))]),
    );
    await Promise.all(
      this.#parts.map(async (parts) => {
        const datapath = this.controller.session(parts.host).observed.kernelDatapath ? 'system' : 'netdev';
        await runCommands(this.#shell(parts.host), startController(parts, address, datapath));
      }),
    );
    for (const port of this.#ports) await central.run(bindToOne(port.name, home));
    await this.#begin(home);
    await central.run(nbctl('--wait=hv', 'sync'));
  }

  async #begin(home: string): Promise<void> {
    const shell = this.#shell(home);
    await runCommands(shell, makeTaps(this.#ports));
    for (const port of this.#ports) await shell.run(awaitInstalled(port));
    const domain = this.#parts.find(({ host }) => host === home)?.domain;
    if (domain?.kind !== 'own')
      throw new VxmigError('USAGE', 'the bench gives OVN a VM only where the topology has `image: micro`');
    await defineDomain(shell, domain.xml);
    await startDomain(shell, this.domain);
  }

  /** What is typed for a migration; the second-last is `virsh migrate`. */
  commands({ from, to }: Pick<OvnMove, 'from' | 'to'>, virsh: string): string[] {
    return [
      ...this.#ports.flatMap((port) => bindToBoth(port.name, from, to)).map((argv) => argv.join(' ')),
      virsh,
      ...this.#ports.map((port) => bindToOne(port.name, to).join(' ')),
    ];
  }

  /**
   * One migration as ovn-nb(5) has it. Taps are made and removed outside the time that is measured, and so it is
   * verified that both chassis are bound and have their flows: OVN is to be seen at its best.
   */
  async migrate({ from, to, signal }: OvnMove): Promise<MeasuredRun> {
    const [source, destination, central] = [this.#shell(from), this.#shell(to), this.#shell(this.#central)];
    await runCommands(destination, [...removeTaps(this.#ports), ...makeTaps(this.#ports)]);
    const watch = { probes: this.#probes, domain: this.domain, to, signal };
    const { result, pings, record } = await watched(this.controller, watch, async () => {
      const bindMs = await timed(async () => {
        for (const port of this.#ports) {
          for (const argv of bindToBoth(port.name, from, to)) await central.run(argv);
        }
      });
      for (const port of this.#ports) await destination.run(awaitInstalled(port));
      await central.run(nbctl('--wait=hv', 'sync'));
      const virshMs = await virshMigrate(this.controller, { domain: this.domain, from, to, signal });
      const finishMs = await timed(async () => {
        for (const port of this.#ports) await central.run(bindToOne(port.name, to));
      });
      return Math.round((bindMs + virshMs + finishMs) * 10) / 10;
    });
    const downtimeMs = await downtimeOf(this.controller, to, this.domain);
    await runCommands(source, removeTaps(this.#ports));
    for (const port of this.#ports)
      await central.run(sbctl('wait-until', 'Port_Binding', port.name, 'additional_chassis=[]'));
    return {
      run: {
        tool: 'ovn',
        from,
        to,
        wallMs: result,
        downtimeMs,
        ...seenBy(pings, record),
        convergedAfterResumeMs: null,
        stages: [],
      },
      record,
    };
  }

  /** The VM afresh on that host, whatever has become of it. */
  async restart(home: string): Promise<void> {
    await this.#endVm();
    const central = this.#shell(this.#central);
    for (const port of this.#ports) await central.run(bindToOne(port.name, home));
    await this.#begin(home);
  }

  /** Goes on where something is gone already: what is left goes with the lab. */
  async stop(): Promise<void> {
    await this.#endVm().catch(() => undefined);
    await Promise.allSettled(this.#parts.map((parts) => runCommands(this.#shell(parts.host), removeOvn(parts))));
  }

  async #endVm(): Promise<void> {
    await everySession([...this.controller.sessions.values()], async ({ shell }) => {
      const seen = await readDomain(shell, this.domain);
      if (seen !== null && seen.state !== 'shut off') await destroyDomain(shell, this.domain);
      if (seen !== null) await undefineDomain(shell, this.domain);
      await runCommands(shell, removeTaps(this.#ports));
    });
  }

  #shell(host: string): HostShell {
    return this.controller.session(host).shell;
  }
}

/** @throws VxmigError HOST_UNFIT with how to install it */
async function requireOvn(controller: Controller): Promise<void> {
  const look = 'for program; do command -v "$program" >/dev/null || echo "$program"; done';
  for (const { name, shell } of controller.sessions.values()) {
    const { stdout } = await shell.run(['sh', '-c', look, 'sh', ...OVN_PROGRAMS]);
    const missing = stdout.split('\n').filter((line) => line !== '');
    if (missing.length === 0) continue;
    throw new VxmigError('HOST_UNFIT', `OVN is not installed: there is no ${missing.join(', ')}`, {
      where: name,
      hint:
        'Install it with `npm run setup`, which keeps its services off, or with `apt-get install ' +
        'ovn-central ovn-host`.',
    });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}
