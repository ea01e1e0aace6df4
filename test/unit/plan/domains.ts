import type { ObservedDomain } from '../../../lib/plan/observed.js';

/** A domain that runs with its stored definition, and carries nothing of vxmig's; what is said of it is otherwise. */
export function domainSeen(name: string, xml: string, more: Partial<ObservedDomain> = {}): ObservedDomain {
  const state = more.state ?? 'running';
  return {
    name,
    state,
    reason: state === 'paused' ? 'user' : '',
    pausedByMigration: false,
    xml,
    live: state === 'shut off' || state === 'crashed' ? null : xml,
    persistent: true,
    autostart: false,
    saved: false,
    owner: null,
    adopted: null,
    arriving: false,
    ...more,
  };
}
