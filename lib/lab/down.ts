import { access, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VxmigError } from '../model/errors.js';
import type { LabEvent } from '../model/lab-event.js';
import { observeGroups, removeGroups } from './control-groups.js';
import { labDirectory, labsDirectory, volumesDirectory } from './lab-directory.js';
import { lockLab, withMachineLock } from './lab-lock.js';
import { rootDevicePrefix } from './lab-names.js';
import { applyLinkOperations } from './link-operations.js';
import { Links } from './links.js';
import { observeLabNames } from './list.js';
import { observeMounts, unmountBelow } from './log-mount.js';
import { restoreMachineSettings } from './machine-settings.js';
import { killAll, observeLabPids, observeNetworkNamespaces, observePidsInNetworkNamespaces } from './processes.js';

export interface DownReport {
  readonly name: string;
  readonly removed: { readonly processes: number; readonly interfaces: number };
  /** What could not be removed, one line each; empty when nothing is left of the lab. */
  readonly left: readonly string[];
}

/**
 * Removes everything of a lab, by its name alone: also what a killed `up` left, and when its files are lost.
 * @throws VxmigError NOT_FOUND where nothing of that name is on this machine; LOCKED
 */
export async function labDown(name: string, emit: (event: LabEvent) => void): Promise<DownReport> {
  const directory = labDirectory(name);
  const lock = await lockLab(name);
  try {
    const pids = await observeLabPids(name);
    const interfaces = await observeInterfaces(name);
    const isUnknown = pids.length === 0 && interfaces.length === 0 && !(await exists(directory));
    if (isUnknown && (await observeGroups(name)).length === 0) return await unknownLab(name);
    return await dismantleLab(name, emit);
  } finally {
    await lock.release();
  }
}

/** What `labDown` does; the caller holds the lab's lock. */
export async function dismantleLab(name: string, emit: (event: LabEvent) => void): Promise<DownReport> {
  const since = performance.now();
  const pids = await observeLabPids(name);
  const interfaces = await observeInterfaces(name);
  emit({ kind: 'lab-removing', lab: name, processes: pids.length, interfaces: interfaces.length });
  const namespaces = await observeNetworkNamespaces(pids);
  await killAll(() => observeLabPids(name));
  await applyLinkOperations(interfaces.map((link) => ({ kind: 'remove', name: link })));
  await removeGroups(name);
  await unmountBelow(labDirectory(name));
  await removeFiles(name);
  const left = await observeRemains(name, namespaces);
  emit({ kind: 'lab-down', lab: name, durationMs: Math.round(performance.now() - since), left });
  return { name, removed: { processes: pids.length, interfaces: interfaces.length }, left };
}

async function unknownLab(name: string): Promise<never> {
  const names = await observeLabNames();
  throw new VxmigError('NOT_FOUND', `There is no lab "${name}" on this machine.`, {
    hint: names.length === 0 ? 'No lab is up.' : `Labs here: ${names.join(', ')}.`,
    where: name,
  });
}

async function observeInterfaces(lab: string): Promise<string[]> {
  const links = Links.open();
  try {
    const names = (await links.list()).map((link) => link.name);
    return names.filter((link) => link.startsWith(`${rootDevicePrefix(lab)}-`));
  } finally {
    links.close();
  }
}

async function removeFiles(lab: string): Promise<void> {
  await rm(labDirectory(lab), { recursive: true, force: true });
  await rm(volumesDirectory(lab), { recursive: true, force: true });
  await rmdir(dirname(volumesDirectory(lab))).catch(() => undefined);
  // The last lab takes the shared directories with it; rmdir refuses where something else is in them. The lock keeps
  // them from going while another lab's `up` is about to write its first file.
  await withMachineLock(async () => {
    if (await removedEmpty(labsDirectory())) await restoreMachineSettings();
    await removedEmpty(dirname(labsDirectory()));
  });
}

async function removedEmpty(directory: string): Promise<boolean> {
  return rmdir(directory).then(
    () => true,
    () => false,
  );
}

/** Looks at the machine itself, not at what was done. */
async function observeRemains(lab: string, namespaces: ReadonlySet<string>): Promise<string[]> {
  const directory = labDirectory(lab);
  return [
    ...(await observeLabPids(lab)).map((pid) => `process ${pid}`),
    ...(await observePidsInNetworkNamespaces(namespaces)).map(
      (pid) => `process ${pid} in one of its network namespaces`,
    ),
    ...(await observeInterfaces(lab)).map((link) => `interface ${link}`),
    ...(await observeGroups(lab)).map((group) => `control group ${group}`),
    ...(await observeMounts(directory)).map((mount) => `mount ${mount}`),
    ...((await exists(directory)) ? [`directory ${directory}`] : []),
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
