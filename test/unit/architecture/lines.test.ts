import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
const MOST_COLUMNS = 120;
const MOST_LINES = 250;

/** Files with lines that cannot be broken, each with the reason. */
const LONG_LINES: Readonly<Record<string, string>> = {
  'test/contract/ssh-config.test.ts': 'a pattern of a hint that is one command line',
  'test/unit/compute/libvirt-log.test.ts': 'a log as libvirtd has written it',
  'test/unit/measure/queue-drops.test.ts': 'sockets as ss has printed them',
  'test/unit/openflow/flow-monitor.test.ts': 'events as ovs-ofctl has printed them',
  'test/unit/openflow/recorded-traces.ts': 'traces as ovs-appctl has printed them',
  'test/unit/openflow/text.test.ts': 'a flow as ovs-ofctl has printed it',
  'test/unit/pipeline/access.test.ts': 'flows as they are printed, a line each',
};

/** Files that are longer than they should be, each with the reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'lib/grade/file.ts': 'generated from its schema',
  'lib/topology/file.ts': 'generated from its schema',
  'test/contract/hostile-host.test.ts': 'one server and all that it may answer, a few lines each',
  'test/contract/ovsdb.test.ts': 'one server for all of a protocol',
  'test/lab/lab.test.ts': 'one lab, which takes long to come up, for all that is tried on it',
  'test/lab/security.test.ts': 'one lab, which takes long to come up, for all that is tried on it',
  'test/unit/architecture/second-encapsulation.test.ts': 'one made-up row, and all that reads it',
  'test/unit/bench/recorded.ts': 'a run as it was recorded',
  'test/unit/grade/live-kinds.test.ts': 'a table of all kinds of check, a few lines each',
  'test/unit/migration/stage.test.ts': 'a table of all ways to fail, a few lines each',
  'test/unit/migration/world.ts': 'hosts in memory: everything that a migration may ask of them',
  'test/unit/model/real-definitions.ts': 'definitions as programs have written them',
  'test/unit/openflow/recorded-traces.ts': 'traces as ovs-appctl has printed them',
  'test/unit/plan/arbitrary-drift.ts': 'a table of all that may drift, a few lines each',
  'test/unit/plan/disk-verdict.test.ts': 'a table of all kinds of disk, a few lines each',
  'test/unit/plan/executed.ts': 'a host in memory: every kind of change that a plan may have',
  'test/unit/plan/underlay-plan.test.ts': 'a host, and all that its underlay may be like',
  'test/unit/topology/mistakes.test.ts': 'a table of mistakes, a line or two each',
  'test/unit/topology/mutate.ts': 'a table of mutations, a few lines each',
};

interface Source {
  readonly file: string;
  readonly lines: readonly string[];
}

const sources = ['lib', 'test'].flatMap((directory) =>
  readdirSync(join(PACKAGE, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name): Source => {
      const file = `${directory}/${name}`;
      return { file, lines: readFileSync(join(PACKAGE, file), 'utf8').replace(/\n$/, '').split('\n') };
    }),
);

/** A regular expression is one token, which nothing can break: a test may have the pattern of a whole message. */
function isPattern(line: string): boolean {
  return /^\s*\/.+\/[a-z]*[,;]?$/.test(line);
}

function longLines({ file, lines }: Source): string[] {
  const mayHavePatterns = file.startsWith('test/');
  return lines.flatMap((line, index) =>
    line.length <= MOST_COLUMNS || (mayHavePatterns && isPattern(line)) ? [] : [`${file}:${index + 1}`],
  );
}

t.test('no line is longer than 120 columns without a reason', async (t) => {
  t.ok(sources.length > 500, `${sources.length} files`);
  const long = sources.filter((source) => LONG_LINES[source.file] === undefined);
  t.strictSame(long.flatMap(longLines), []);
});

t.test('no file is longer than 250 lines without a reason', async (t) => {
  const long = sources.filter(({ file, lines }) => lines.length > MOST_LINES && LONG_FILES[file] === undefined);
  t.strictSame(
    long.map(({ file, lines }) => `${file}: ${lines.length} lines`),
    [],
  );
});

t.test('an exception that nobody needs is taken out', async (t) => {
  const needed = (has: (source: Source) => boolean) => sources.filter(has).map(({ file }) => file);
  const withLongLines = needed((source) => longLines(source).length > 0);
  const tooLong = needed(({ lines }) => lines.length > MOST_LINES);
  t.strictSame(
    Object.keys(LONG_LINES).filter((file) => !withLongLines.includes(file)),
    [],
  );
  t.strictSame(
    Object.keys(LONG_FILES).filter((file) => !tooLong.includes(file)),
    [],
  );
});

t.test('the checks find what they are for', async (t) => {
  const wide = 'x'.repeat(MOST_COLUMNS + 1);
  t.strictSame(longLines({ file: 'lib/a.ts', lines: ['', wide] }), ['lib/a.ts:2']);
  const pattern = `  /^${wide}$/,`;
  t.strictSame(longLines({ file: 'lib/a.ts', lines: [pattern] }), ['lib/a.ts:1']);
  t.strictSame(longLines({ file: 'test/a.test.ts', lines: [pattern] }), []);
});
