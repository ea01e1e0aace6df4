import t from 'tap';
import { namingDoubts } from '../../../lib/migration/agreed-doubts.js';
import type { StagesOutcome } from '../../../lib/migration/outcome.js';
import { VxmigError } from '../../../lib/model/errors.js';
import type { NegotiationStep } from '../../../lib/model/negotiation.js';

const step = (host: string, why: string, ok = true): NegotiationStep => ({
  step: 'request',
  host,
  ok,
  why,
  reasons: [],
});
const STEPS = [step('host-b', ''), step('host-a', 'QEMU version: host-a has QEMU 7.2, which is older')];
const stage = (name: 'check' | 'copy') => ({
  ...{ stage: name, startedAt: '2026-01-01T00:00:00.000Z', durationMs: 1 },
});
const ended = (code: 'MIGRATION_ROLLED_BACK' | 'INTERRUPTED', name: 'check' | 'copy'): StagesOutcome => ({
  outcome: 'rolled-back',
  stages: [stage(name)],
  error: new VxmigError(code, 'virsh migrate failed', { hint: 'The VM stays on host-b.', where: 'web' }),
});

t.test('a copy that failed after a doubt: the doubt is told with it', async (t) => {
  t.match(namingDoubts(STEPS, ended('MIGRATION_ROLLED_BACK', 'copy')).error, {
    message: 'virsh migrate failed',
    where: 'web',
    hint: 'The VM stays on host-b. host-a had its doubts: QEMU version: host-a has QEMU 7.2, which is older.',
  });
});

t.test('what has failed otherwise, or without a doubt, is as it was', async (t) => {
  const failed = ended('MIGRATION_ROLLED_BACK', 'copy');
  t.equal(namingDoubts([step('host-a', ''), step('host-b', 'no', false)], failed), failed);
  for (const other of [ended('MIGRATION_ROLLED_BACK', 'check'), ended('INTERRUPTED', 'copy')])
    t.equal(namingDoubts(STEPS, other), other);
  const good: StagesOutcome = { outcome: 'migrated', stages: [], error: null };
  t.equal(namingDoubts(STEPS, good), good);
});
