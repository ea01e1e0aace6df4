import pLimit from 'p-limit';
import { HostConnection, type HostShell } from '../host/connection.js';
import { type Fitness, observeFitness } from '../host/fitness.js';
import { bootGuest } from '../host/guest-boot.js';
import { type Machine, notRoot, observeMachine, refuseOneTwice } from '../host/machine.js';
import { MIGRATION_PORTS } from '../host/migration-ports.js';
import type { Check } from '../model/check.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { ENCAPSULATIONS, encapsulationsOf } from '../model/encapsulation.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { Host, SshSettings, Topology, Vm } from '../model/topology.js';
import { domainChecks, neededThere, placedVms } from './domain-checks.js';
import { accelerationCheck, commonChecks, fitnessChecks, offloadCheck } from './fitness-checks.js';
import { sshOf } from './host-address.js';
import { measureClock } from './host-clock.js';
import { clocksTogether } from './identity-checks.js';
import { pairChecks } from './pair-checks.js';
import { planChecks } from './plan-check.js';

interface FoundMachine {
  readonly host: string;
  readonly machine: Machine | null;
}

/** Hosts of a lab share one machine: guests that boot side by side there would slow each other down. */
const BOOTS_AT_ONCE = { lab: 1, real: 16 } as const;
const PAIRS_AT_ONCE = 6;

export interface DoctorOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How a host is reached; left out: over a connection of its own. */
  readonly open?: (name: string, settings: SshSettings) => Promise<HostShell>;
}

/**
 * Looks at every host by itself, at every pair of them, and whether a plan can be made. Changes nothing; a host that
 * can't be reached is one failed check.
 * @throws VxmigError TOPOLOGY_INVALID where two hosts are one machine
 */
export async function doctor(
  topology: Topology,
  { emit, signal, open = HostConnection.open }: DoctorOptions,
): Promise<Check[]> {
  emit({ kind: 'connecting', hosts: topology.hosts.map((host) => host.name) });
  const shells = new Map<string, HostShell>();
  const machines: FoundMachine[] = [];
  try {
    const connected = await Promise.all(topology.hosts.map((host) => connect(host, open, shells, machines)));
    signal.throwIfAborted();
    refuseOneTwice(machines);
    const hasVms = topology.vms.length > 0;
    const used = encapsulationsOf(topology.networks);
    // A file without networks yet is asked about what they will have.
    const question = { vms: hasVms, encapsulations: used.length === 0 ? [ENCAPSULATIONS[0]] : used };
    const fitness = new Map<string, Fitness>();
    const clocks = new Map<string, ClockOffset>();
    const placed = hasVms ? await placedVms(topology, shells) : [];
    const needed = (vm: Vm, host: string) => neededThere(placed, vm, host);
    emit({ kind: 'note', text: 'Looking at each host' });
    const boots = pLimit(topology.lab === null ? BOOTS_AT_ONCE.real : BOOTS_AT_ONCE.lab);
    const perHost = await Promise.all(
      topology.hosts.map(async (host, index) => {
        const first = connected[index] ?? [];
        const shell = shells.get(host.name);
        if (shell === undefined) return first;
        const [seen, clock] = await Promise.all([observeFitness(shell, question), measureClock(shell)]);
        fitness.set(host.name, seen);
        clocks.set(host.name, clock);
        const own = [...first, ...fitnessChecks(topology, host, seen, clock, needed)];
        if (!hasVms) return own;
        const boot = await boots(async () => {
          signal.throwIfAborted();
          return await acceleration(host, shell, seen, emit);
        });
        const offloads = placed.flatMap((one) =>
          one.host === host.name && one.vm.source.kind === 'domain' ? offloadCheck(host, seen, one.vm, one.xml) : [],
        );
        return [...own, ...offloads, boot];
      }),
    );
    signal.throwIfAborted();
    emit({ kind: 'note', text: 'Looking at the way between them' });
    return [
      ...perHost.flat(),
      ...(hasVms ? [...commonChecks(topology, fitness), ...clocksTogether(clocks)] : []),
      ...(await everyPair(topology, shells, fitness)),
      ...(await domainChecks(topology, shells, placed)),
      ...(await planChecks(topology, shells, fitness)),
    ];
  } finally {
    for (const shell of shells.values()) shell.close();
  }
}

async function connect(
  host: Host,
  open: NonNullable<DoctorOptions['open']>,
  shells: Map<string, HostShell>,
  machines: FoundMachine[],
): Promise<Check[]> {
  const settings = sshOf(host);
  const place = `${settings.user}@${settings.address}:${settings.port}`;
  const check = { name: `${host.name}: SSH`, expected: `${place} lets us in` };
  try {
    const shell = await open(host.name, settings);
    const machine = settings.client === undefined ? null : await observeMachine(shell);
    if (machine?.isRoot === false) {
      shell.close();
      throw notRoot(host.name, machine.user);
    }
    shells.set(host.name, shell);
    machines.push({ host: host.name, machine });
    return [{ ...check, ok: true, seen: place, hint: '' }];
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    return [{ ...check, ok: false, seen: messageOf(error), hint: error.hint }];
  }
}

async function acceleration(host: Host, shell: HostShell, seen: Fitness, emit: Emit): Promise<Check> {
  if (!seen.microImage || seen.qemuVersion === '') return accelerationCheck(host.name, seen, { kvm: null, tcg: null });
  const which = seen.kvmDevice ? 'kvm' : 'tcg';
  emit({ kind: 'note', text: `${host.name}: booting a guest with ${which.toUpperCase()}` });
  const boot = await bootGuest(shell, which);
  return accelerationCheck(host.name, seen, { kvm: null, tcg: null, [which]: boot });
}

async function everyPair(
  topology: Topology,
  shells: ReadonlyMap<string, HostShell>,
  fitness: ReadonlyMap<string, Fitness>,
): Promise<Check[]> {
  const limit = pLimit(PAIRS_AT_ONCE);
  const reached = topology.hosts.filter((host) => shells.has(host.name));
  const pairs = reached.flatMap((from) => reached.filter((to) => to !== from).map((to) => ({ from, to })));
  const checks = pairs.map(({ from, to }) =>
    limit(async () => {
      const shell = shells.get(from.name);
      const ports = fitness.get(to.name)?.migrationPorts ?? MIGRATION_PORTS;
      return shell === undefined ? [] : await pairChecks(topology, { shell, from, to, ports });
    }),
  );
  return (await Promise.all(checks)).flat();
}
