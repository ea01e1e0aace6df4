import type { VmFacts } from '../plan/desired-vms.js';
import type { ObservedVms } from '../plan/observed.js';

/** One accelerator for all, because a VM that was started with KVM cannot go on under TCG. */
export function vmFacts(observed: readonly Pick<ObservedVms, 'kvm'>[]): VmFacts {
  return { accelerator: { type: observed.every(({ kvm }) => kvm) ? 'kvm' : 'qemu' } };
}
