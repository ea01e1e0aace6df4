import { tapName } from '../../lib/model/names.js';
import { onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

/** MiB/s: the guest dirties more than may be sent. */
const DIRTIES = 30;
const BUFFER_MIB = 12;
const MAY_SEND = ['--bandwidth', '16MiB'];

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const page = (path: string) => lab.page('host-c', 'blue', `http://10.9.0.1${path}`);
  await page('/cgi-bin/pattern?size=8');
  await page(`/cgi-bin/dirty?rate=${DIRTIES}&size=${BUFFER_MIB}`);
  const move = (to: string, ...how: readonly string[]) =>
    lab.run('migrate', lab.file, 'web', '--to', to, ...MAY_SEND, ...how);

  await t.test('pre-copy never ends: it is given up at its deadline, and the guest goes on where it was', async (t) => {
    const { exitCode, document } = await move('host-b', '--timeout', '10s');
    t.equal(exitCode, 1);
    t.match(document, {
      outcome: 'rolled-back',
      error: { message: /did not end within 10000 ms/, hint: /auto-converge, post-copy or bounded/ },
    });
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  });

  await t.test('auto-converge throttles the guest until it can be moved', async (t) => {
    const { exitCode, document, stderr } = await move('host-b', '--strategy', 'auto-converge', '--timeout', '120s');
    t.match({ exitCode, document }, { exitCode: 0, document: { ok: true, outcome: 'migrated' } }, stderr);
    t.match(stderr, /guest throttled by [1-9]\d* %/);
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  });

  await t.test('post-copy moves the guest first and its memory afterwards', async (t) => {
    const { exitCode, document, stderr } = await move('host-a', '--strategy', 'post-copy', '--timeout', '120s');
    t.match({ exitCode, document }, { exitCode: 0, document: { ok: true, outcome: 'migrated' } }, stderr);
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  });

  await t.test('bounded moves it within its bound, and says what the pause cost', async (t) => {
    const bound = ['--strategy', 'bounded', '--bound-bytes', '1.7x', '--bound-duration', '60s'];
    const { exitCode, document, stderr } = await move('host-b', ...bound);
    t.match({ exitCode, document }, { exitCode: 0, document: { ok: true, outcome: 'migrated' } }, stderr);
    t.match(document, {
      ending: { kind: 'stop', why: /would not fit the bound of/, predictedDowntimeMs: Number },
      bound: { kept: true, usedBytes: Number, usedMs: Number },
    });
    const { bound: used, ping } = document;
    t.ok(used.usedBytes <= used.bytes && used.usedMs <= used.durationMs, JSON.stringify(used));
    t.comment(JSON.stringify({ ending: document.ending, used, ping, transfer: document.transfer }));
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    const holds = await lab.on('host-b', 'cat', `/sys/class/net/${tapName(lab.name, 'web', 0)}/tx_queue_len`);
    t.equal(holds.trim(), '1000', 'its tap holds as many frames as before');
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  });

  t.match(
    await page('/cgi-bin/dirty'),
    new RegExp(`^rateMiBPerSecond ${DIRTIES}\n`),
    'all the while it went on dirtying',
  );
});
