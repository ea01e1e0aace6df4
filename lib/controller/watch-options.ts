import type { Change } from '../model/change.js';
import type { Emit } from '../model/event.js';

/** `vms`: domains that are shut off or gone are started, too. Nothing is ever stopped, resumed or migrated. */
export type RepairScope = 'nothing' | 'networks' | 'vms';

export interface WatchOptions {
  readonly repair: RepairScope;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export function mayRepair(repair: RepairScope, { kind, action }: Change): boolean {
  if (action === 'migrate') return false;
  return kind !== 'vm' || (repair === 'vms' && action !== 'delete');
}
