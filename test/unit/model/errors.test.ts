import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CommandError, ERRORS } from '../../../lib/model/errors.js';
import { shellLine } from '../../../lib/model/quote.js';

const LIB = fileURLToPath(new URL('../../../../lib/', import.meta.url));

/** What tells where something stands, and not what to do. */
const FIXES_NOTHING = [
  /^The message (holds|names|says)/,
  /\bchecks above(?!.*verify again)/,
  /[Ii]ts log says/,
  /libvirt's log\b/,
  /(?<!\/)ovs-vswitchd\.log/,
];

t.test('every error says in whole sentences what to do', async (t) => {
  for (const [code, { meaning, fix }] of Object.entries(ERRORS)) {
    for (const text of [meaning, fix]) t.match(text, /^[A-Z`].*\.$/, code);
    t.match(
      fix,
      /`[^`]+`|\b(Fix|Check|Compare|Remove|Make|Do|Run|Wait|Log in|Look)\b/,
      `${code} names something to do`,
    );
    for (const nothing of FIXES_NOTHING) t.notMatch(fix, nothing, code);
  }
});

t.test('no hint anywhere is of those that fix nothing, nor names a domain unquoted', async (t) => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const lines = files.flatMap((file) =>
    readFileSync(LIB + file, 'utf8')
      .split('\n')
      .map((text, index) => ({ place: `${file}:${index + 1}`, text })),
  );
  t.ok(lines.length > 10_000);
  const hints = lines.filter(({ text }) => /hint|fix|'[^']* [^']*'|`/.test(text) && !/^\s*(\*|\/\/|\/\*)/.test(text));
  t.same(
    hints.filter(({ text }) => FIXES_NOTHING.some((nothing) => nothing.test(text))),
    [],
  );
  t.same(
    hints.filter(({ text }) => /\\`virsh [^`]*\$\{(?!(?:move\.)?shell)/.test(text)),
    [],
    'names in commands go through shellWord or shellLine',
  );
});

const HOSTILE = ["Anna's PC", '$(x)', '`x`', '; x', '-x'];

t.test('a command that failed can be pasted from the message and the hint', async (t) => {
  for (const name of HOSTILE) {
    const argv = ['printf', '%s\\0', name];
    const { message, hint } = new CommandError('host-a', argv, 1, 'error: failed to get domain');
    t.ok(message.startsWith(`${shellLine(argv)} ended with status 1 on host-a`), message);
    const line = /to see more: `([\s\S]*)`\.$/.exec(hint)?.[1] ?? '';
    t.equal(execFileSync('sh', ['-c', line], { encoding: 'utf8' }), `${name}\0`, hint);
  }
});

t.test('what is to be done depends on how it ended', async (t) => {
  const hint = (exitCode: number | null, stderr: string, argv = ['ip', 'link']) =>
    new CommandError('host-a', argv, exitCode, stderr).hint;
  t.match(hint(1, 'RTNETLINK answers: Operation not permitted'), /log in there as root/);
  t.match(hint(127, 'sh: 1: ethtool: not found'), /not installed on host-a: `vxmig doctor FILE`/);
  t.match(hint(null, 'no end within 60000 ms'), /^Is host-a busy, or does a daemon hang there/);
  t.match(hint(2, 'x'), /^Run it by hand on host-a to see more: `ip link`\.$/);
  t.match(hint(2, 'x', ['sh', '-c', 'a\nb']), /^`vxmig doctor FILE` looks/, 'scripts are not for pasting');
});
