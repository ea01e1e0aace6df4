import t from 'tap';
import { migrateOptions, unheardSetting } from '../../../lib/controller/migrate-options.js';
import type { MigrationSettings } from '../../../lib/model/topology.js';
import { USUAL_MIGRATION } from '../topology/sample.js';

const SAID: MigrationSettings = { ...USUAL_MIGRATION, strategy: 'bounded' };

t.test('a part of a setting is said for one run, and the rest is the file’s', async (t) => {
  t.match(migrateOptions(SAID, { bound: { durationMs: 10_000 } }), {
    redirect: true,
    bound: { ...SAID.bound, durationMs: 10_000 },
    postCopyAfter: SAID.postCopyAfter,
  });
});

t.test('a copy with a bound is not called off before its bound, unless that is asked for', async (t) => {
  const bound = { durationMs: 300_000 };
  t.ok(migrateOptions(SAID, { bound }).timeoutMs > 300_000);
  t.equal(migrateOptions(SAID, { bound, timeoutMs: 5_000 }).timeoutMs, 5_000);
  t.equal(migrateOptions({ ...SAID, strategy: 'pre-copy' }, {}).timeoutMs, 120_000);
});

t.test('a setting that the strategy does not read is refused', async (t) => {
  t.match(unheardSetting('pre-copy', { bound: { durationMs: 1_000 } }), {
    code: 'USAGE',
    message: '--bound-… is for the strategy bounded, and this would be pre-copy',
  });
  t.match(unheardSetting('bounded', { postCopyAfter: { passes: 3 } }), { message: /is for the strategy hybrid, / });
  t.equal(unheardSetting('bounded', { bound: { end: 'stop' } }), null);
  t.equal(unheardSetting('pre-copy', {}), null);
});
