import { findBaseline, hostModelQuestion, observeHostModel, type SaidCpu } from '../compute/libvirt/host-model.js';
import type { HostShell } from '../host/connection.js';
import type { CommonCpu, CpuBaseline } from '../model/cpu-baseline.js';
import { cpuElement } from '../model/defined-cpu.js';
import { messageOf, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Topology } from '../model/topology.js';
import { baselineOf, type HostModel, isOneCpu } from '../negotiate/cpu-baseline.js';
import type { CpuModel } from '../negotiate/offer.js';
import type { Accelerator } from '../plan/domain-xml.js';
import { vmFacts } from './facts.js';
import type { HostSession } from './host-session.js';

type Type = Accelerator['type'];

/** What a host says that it can give; null: it does not tell, and why. */
export interface ToldCpu {
  readonly host: string;
  readonly model: CpuModel | null;
  readonly complaint: string;
}

/** Changes nothing. Who cannot be asked does not tell. */
export async function askCpu(host: string, shell: HostShell, type: Type): Promise<ToldCpu> {
  try {
    const said = await observeHostModel(shell, type);
    return { host, complaint: '', ...said };
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    return { host, model: null, complaint: messageOf(error) };
  }
}

/**
 * The CPU that each of them can give; of one host alone, what that one can.
 *
 * @param told of all hosts
 * @param shell of a host whose libvirt reckons
 */
export async function commonCpu(told: readonly ToldCpu[], type: Type, shell: HostShell): Promise<CommonCpu> {
  const silent = told.filter(({ model }) => model === null);
  if (silent.length > 0) {
    const hosts = silent.map(({ host }) => host).join(', ');
    return {
      kind: 'unknown',
      why: silent.map(({ host, complaint }) => `${host} does not tell what it can give (${complaint})`).join('; '),
      fix:
        `See \`${shellLine(hostModelQuestion(type))}\` on ${hosts}; \`vxmig doctor FILE\` says how a libvirt or QEMU ` +
        'that does not work is mended.',
    };
  }
  const known = knownOf(told);
  const found = await reckon(known, type, shell);
  if (found.model !== null) return { kind: 'known', cpu: cpuElement({ ...found.model, model: found.model.name }) };
  return {
    kind: 'unknown',
    why:
      `${known.map(({ host, model }) => `${host} (${model.name})`).join(', ')} have none in common ` +
      `(${found.complaint})`,
    fix: '`virsh domcapabilities` on each of them lists the models that it can give.',
  };
}

/**
 * The CPU that all hosts can give, for people: a VM may come to each of them. Changes nothing.
 *
 * @returns null: there are no VMs, fewer than two hosts tell what they have, or they have nothing in common
 */
export async function observeCpuBaseline({
  topology,
  sessions,
}: {
  readonly topology: Pick<Topology, 'vms'>;
  readonly sessions: ReadonlyMap<string, HostSession>;
}): Promise<CpuBaseline | null> {
  if (topology.vms.length === 0) return null;
  const all = [...sessions.values()];
  const { type } = vmFacts(all.map(({ observed }) => observed)).accelerator;
  const known = knownOf(await Promise.all(all.map(({ name, shell }) => askCpu(name, shell, type))));
  const shell = all.find(({ name }) => name === known[0]?.host)?.shell;
  if (shell === undefined || known.length < 2) return null;
  const { model } = await reckon(known, type, shell);
  return model === null ? null : baselineOf(known, model);
}

async function reckon(known: readonly HostModel[], type: Type, shell: HostShell): Promise<SaidCpu> {
  const [first] = known;
  if (first !== undefined && isOneCpu(known)) return { model: first.model };
  try {
    const models = known.map(({ model }) => model);
    return await findBaseline(shell, type, models);
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    return { model: null, complaint: messageOf(error) };
  }
}

function knownOf(told: readonly ToldCpu[]): HostModel[] {
  return told.flatMap(({ host, model }) => (model === null ? [] : [{ host, model }]));
}
