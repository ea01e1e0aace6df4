import { findBaseline, observeHostModel } from '../compute/libvirt/host-model.js';
import type { CpuBaseline } from '../model/cpu-baseline.js';
import { baselineOf, type HostModel, isOneCpu } from '../negotiate/cpu-baseline.js';
import type { Controller } from './controller.js';
import { vmFacts } from './facts.js';

/**
 * The CPU that all hosts can give: a VM may come to each of them. Changes nothing.
 *
 * @returns null: there are no VMs, fewer than two hosts tell what they have, or they have nothing in common
 */
export async function observeCpuBaseline({
  topology,
  sessions,
}: Pick<Controller, 'topology' | 'sessions'>): Promise<CpuBaseline | null> {
  if (topology.vms.length === 0) return null;
  const all = [...sessions.values()];
  const { type } = vmFacts(all.map(({ observed }) => observed)).accelerator;
  const told = await Promise.all(
    all.map(async ({ name, shell }) => ({
      host: name,
      shell,
      model: await observeHostModel(shell, type).catch(() => null),
    })),
  );
  const known = told.flatMap(({ host, model }): HostModel[] => (model === null ? [] : [{ host, model }]));
  const [first] = known;
  const shell = told.find(({ host }) => host === first?.host)?.shell;
  if (first === undefined || shell === undefined || known.length < 2) return null;
  const models = known.map(({ model }) => model);
  const baseline = isOneCpu(known) ? first.model : await findBaseline(shell, type, models).catch(() => null);
  return baseline === null ? null : baselineOf(known, baseline);
}
