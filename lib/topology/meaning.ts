import type { Complaint } from './complaint.js';
import type { Draft } from './draft.js';
import { checkAccess } from './meaning/access.js';
import { checkAllowances } from './meaning/allow.js';
import { checkDevices } from './meaning/devices.js';
import { checkMigration } from './meaning/migration.js';
import { checkNetworks } from './meaning/networks.js';
import { checkProbes } from './meaning/probes.js';
import { checkStorage } from './meaning/storage.js';
import { checkHostAndVmNames, checkUnderlay } from './meaning/underlay.js';
import { checkVms } from './meaning/vms.js';

/** What is wrong with a topology beyond the shape of its values. */
export function checkMeaning(draft: Draft): readonly Complaint[] {
  return [
    ...checkUnderlay(draft),
    ...checkNetworks(draft),
    ...checkVms(draft),
    ...checkMigration(draft),
    ...checkStorage(draft),
    ...checkAllowances(draft),
    ...checkAccess(draft),
    ...checkProbes(draft),
    ...checkHostAndVmNames(draft),
    ...checkDevices(draft),
  ];
}
