import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { RunRecord } from '../../../lib/model/run-record.js';
import { findRun, listRuns, readRun, runName, runsDirectory, writeRun } from '../../../lib/report/run-file.js';
import { formatRun, parseRun } from '../../../lib/report/run-format.js';
import { RUN } from './run-fixture.js';

/** To the microsecond, which is what the file keeps. */
function rounded(run: RunRecord): unknown {
  const probes = run.probes.map((probe) => ({
    ...probe,
    requests: probe.requests.map((request) => ({ ...request, sentAtMs: request.sentAtMs.toFixed(3) })),
  }));
  return { ...run, probes };
}

t.test('what is written is read back', async (t) => {
  const directory = join(t.testdir({}), 'state', 'runs');
  const file = await writeRun(RUN, directory);
  t.equal(file, join(directory, '20261121T030000.000Z-two-subnets-web.json'));
  t.equal((await stat(file)).mode & 0o777, 0o600);
  t.equal((await stat(directory)).mode & 0o777, 0o700);
  t.same(await readdir(directory), [`${runName(RUN)}.json`], 'no draft is left');
  t.same(rounded(await readRun(file)), rounded(RUN));
  t.match(JSON.parse(await readFile(file, 'utf8')), {
    version: 1,
    vxmig: '0.1.0',
    probes: [{ requests: [[7, 0.25, 0.512]] }],
  });
});

t.test('a run that cannot be written leaves nothing', async (t) => {
  const directory = t.testdir({});
  await mkdir(join(directory, `${runName(RUN)}.json`));
  await t.rejects(writeRun(RUN, directory));
  t.same(await readdir(directory), [`${runName(RUN)}.json`]);
});

t.test('newest first; found by the beginning of the name, path or latest', async (t) => {
  const directory = t.testdir({});
  t.same(await listRuns(join(directory, 'none')), []);
  await t.rejects(findRun('latest', directory), { code: 'NOT_FOUND', message: /None is kept/ });
  const later = { ...RUN, startedAt: '2026-11-21T04:00:00.000Z' };
  const files = [await writeRun(later, directory), await writeRun(RUN, directory)];
  await writeFile(join(directory, 'notes.txt'), '');
  t.same(
    (await listRuns(directory)).map(({ file }) => file),
    files,
  );
  t.equal(await findRun('latest', directory), files[0]);
  t.equal(await findRun('20261121T03', directory), files[1]);
  t.equal(await findRun(runName(RUN), directory), files[1]);
  t.equal(await findRun('./some.json', directory), './some.json');
  await t.rejects(findRun('2026', directory), { code: 'NOT_FOUND', message: /more than one.*T04.*T03/s });
  await t.rejects(findRun('web', directory), { code: 'NOT_FOUND', message: /There are:\n {2}20261121T04/ });
});

t.test('what is no run is refused with the place of the mistake', async (t) => {
  const wrong = { ...JSON.parse(formatRun(RUN)), topology: 7 };
  t.throws(() => parseRun(JSON.stringify(wrong), 'x.json'), {
    code: 'USAGE',
    message: /x\.json.*\/topology must be string/,
  });
  t.throws(() => parseRun('{"version": 2}', 'x.json'), { code: 'USAGE', message: /newer vxmig/ });
  t.throws(() => parseRun('{', 'x.json'), { code: 'USAGE', message: /no JSON/ });
  t.throws(() => parseRun('null', 'x.json'), { code: 'USAGE' });
  await t.rejects(readRun(join(t.testdir({}), 'none.json')), { code: 'NOT_FOUND' });
});

t.test('a failed run is kept too', (t) => {
  const error = { code: 'MIGRATION_FAILED', message: 'm', hint: 'h' };
  const result = { ...RUN.result, ok: false, outcome: 'failed', transfer: null, switchover: null, error } as const;
  const run: RunRecord = { ...RUN, result, probes: [] };
  t.same(parseRun(formatRun(run), 'x'), run);
  t.end();
});

t.test('where runs are kept', (t) => {
  t.equal(runsDirectory({ XDG_STATE_HOME: '/var/state' }), '/var/state/vxmig/runs');
  t.match(runsDirectory({ XDG_STATE_HOME: 'relative' }), /\/\.local\/state\/vxmig\/runs$/);
  t.match(runsDirectory({}), /\/\.local\/state\/vxmig\/runs$/);
  t.end();
});
