import { isMigrated, isVerified, watchers } from './documents.js';
import { onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const WATCHERS = ['host-c web 10.9.0.1', 'host-c web fd00:9::1'];

await onLab('one-subnet', async (t, lab) => {
  await lab.apply();

  for (const [from, to] of [
    ['host-a', 'host-b'],
    ['host-b', 'host-a'],
  ] as const) {
    await t.test(`web moves from ${from} to ${to} within its subnet`, async (t) => {
      const document = await lab.migrate('web', to);
      isMigrated(t, document, { vm: 'web', from, to });
      t.same(watchers(document), WATCHERS);
      t.same(await holdings(lab), holding(lab, { web: to }));
      t.match(await lab.page('host-c', 'blue', 'http://10.9.0.1/'), /^vxmig guest web\n/);
    });
  }

  await t.test('all is as the file says', async (t) => {
    isVerified(t, await lab.succeed('verify', lab.file));
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] });
  });

  await t.test('--write keeps the file and the hosts in step', async (t) => {
    isMigrated(t, await lab.migrate('web', 'host-b', '--write'), { vm: 'web', from: 'host-a', to: 'host-b' });
    t.same((await lab.succeed('plan', lab.file)).changes, []);
  });
});
