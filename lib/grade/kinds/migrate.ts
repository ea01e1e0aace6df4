import type { MigrationResult } from '../../model/migration-result.js';
import { formatMs } from '../../model/quantities.js';
import { parseDurationMs } from '../../topology/units.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import type { Wanted } from '../rubric.js';
import type { Fact, Measure } from '../sight.js';

const ROLES = { vm: 'VM', to: 'host' } as const;

export const MIGRATE: CheckKind<'migrate'> = {
  steadiness: 'figures vary with the machine: set limits and bands well above what the reference takes',
  insteadOfNot: 'a migration that fails says nothing of why: write what you expect of it',
  measures: ['lost', 'downtime', 'convergence'],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async (wanted, { submission, eyes }) => {
      const { vm, to, strategy = null } = wanted;
      const lacking = missing(submission, { vm, to }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const result = await eyes.migrate({ vm, to, strategy });
      const what = `migration of VM ${vm} to ${to}`;
      if (result === null)
        return { facts: [{ what, holds: false, expected: 'migrated', seen: 'it is there already' }], isFinal: true };
      const measures = measuresOf(result);
      const moved = { what, holds: result.outcome === 'migrated' };
      const seen = result.error === undefined ? result.outcome : `${result.outcome}: ${result.error.message}`;
      // Figures of one that did not get there are none.
      if (result.outcome !== 'migrated') return { facts: [{ ...moved, expected: 'migrated', seen }], measures };
      const facts = [{ ...moved, expected: 'migrated', seen }, ...limitFacts(wanted, measures)];
      return { facts, measures, moved: { vm, to } };
    },
  },
};

function measuresOf(result: MigrationResult): Readonly<Record<Measure, number | null>> {
  return {
    // Nothing is lost where nothing was sent.
    lost: result.ping.length === 0 ? null : result.ping.reduce((sum, { lost }) => sum + lost, 0),
    downtime: result.transfer?.downtimeMs ?? null,
    convergence: result.convergence.afterResumeMs,
  };
}

function limitFacts(wanted: Wanted<'migrate'>, measures: Readonly<Record<Measure, number | null>>): Fact[] {
  const { lost, downtime, convergence } = wanted;
  const limits: readonly { readonly what: string; readonly of: Measure; readonly limit: number | undefined }[] = [
    { what: 'lost pings', of: 'lost', limit: lost },
    { what: 'downtime', of: 'downtime', limit: timeOf(downtime) },
    { what: 'time until every host sends to the new place', of: 'convergence', limit: timeOf(convergence) },
  ];
  return limits.flatMap(({ what, of, limit }) => {
    if (limit === undefined) return [];
    const value = measures[of];
    if (value === null) throw new Error(`${what}: it was not measured`);
    const text = of === 'lost' ? String : formatMs;
    return [{ what, holds: value <= limit, expected: `at most ${text(limit)}`, seen: text(value) }];
  });
}

function timeOf(written: string | undefined): number | undefined {
  return written === undefined ? undefined : parseDurationMs(written);
}
