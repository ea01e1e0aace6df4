import t from 'tap';
import { type Failure, type FileOutcome, tallyParser } from '../../runner/tally.js';

function tally(tap: string): { files: FileOutcome[]; failures: Failure[] } {
  const files: FileOutcome[] = [];
  const failures: Failure[] = [];
  const parser = tallyParser(
    (outcome) => files.push(outcome),
    (failure) => failures.push(failure),
  );
  parser.end(`TAP version 14\n${tap}`);
  return { files, failures };
}

t.test('tests count, not assertions; what is skipped is told with its reason', async (t) => {
  const { files, failures } = tally(`# Subtest: a.test.js
    # Subtest: one
        ok 1 - x
        ok 2 - y
        1..2
    ok 1 - one # time=2ms

    # Subtest: two
        # Subtest: deep
            ok 1 - z
            ok 2 - slow part # SKIP no root here
            1..2
        ok 1 - deep # time=1ms
        1..1
    ok 2 - two # time=3ms

    ok 3 - three # SKIP no lab
    1..3
ok 1 - a.test.js # time=1500ms
1..1
`);
  t.match(files, [{ file: 'a.test.js', ok: true, durationMs: 1500, passed: 2, failed: 0 }]);
  t.strictSame(files[0]?.skipped, [
    { test: 'a.test.js > three', reason: 'no lab' },
    { test: 'a.test.js > two > deep > slow part', reason: 'no root here' },
  ]);
  t.strictSame(failures, []);
});

t.test('a file that skips itself is one skipped test, never a passed one', async (t) => {
  const { files } = tally('# Subtest: b.test.js\n    1..0 # needs root\nok 1 - b.test.js # SKIP needs root\n1..1\n');
  t.match(files, [{ passed: 0, failed: 0, skipped: [{ test: 'b.test.js', reason: 'needs root' }] }]);
});

t.test('a failed assertion is told once, and its test counts once', async (t) => {
  const { files, failures } = tally(`# Subtest: c.test.js
    # Subtest: bad
        ok 1 - fine
        not ok 2 - should be equal
          ---
          diff: something
          ...
        1..2
    not ok 1 - bad # time=1ms
    1..1
not ok 1 - c.test.js # time=5ms
1..1
`);
  t.match(files, [{ ok: false, passed: 0, failed: 1 }]);
  t.strictSame(failures, [{ test: 'c.test.js > bad > should be equal', detail: { diff: 'something' } }]);
});

t.test('a test that fails though its parts passed (a timeout) is a failure', async (t) => {
  const { files, failures } = tally(`# Subtest: d.test.js
    # Subtest: outer
        # Subtest: inner
            ok 1 - x
            1..1
        ok 1 - inner # time=1ms
        1..1
    not ok 1 - outer # time=9ms
      ---
      message: timeout!
      ...
    1..1
not ok 1 - d.test.js # time=9ms
1..1
`);
  t.match(files, [{ ok: false, passed: 1, failed: 1 }]);
  t.strictSame(
    failures.map(({ test }) => test),
    ['d.test.js > outer'],
  );
});

t.test('a file that dies before its first test is a failure', async (t) => {
  const { files } = tally('# Subtest: e.test.js\n    1..0 # no tests found\nnot ok 1 - e.test.js # time=7ms\n1..1\n');
  t.match(files, [{ ok: false, passed: 0, failed: 1 }]);
});
