import t from 'tap';
import { parseDomainList, readDomain } from '../../../lib/compute/libvirt/virsh-list.js';
import type { HostShell } from '../../../lib/host/connection.js';

const WEB = '9f6b0c4e-7a51-8d20-b3f5-0123456789ab';
const OLD = '11111111-2222-8333-9444-555555555555';

const LIST = ` ${WEB} web\n ${OLD} a name with blanks\n`;

function whole(lines: string): string {
  return `=== vxmig domains\n${lines}\n=== vxmig end\n`;
}

/** What virsh prints of a domain: its state, facts, the stored definition, and the live one. */
function answers(state: string, stored: string, { facts = '', live = stored } = {}): string {
  return (
    `${state}\n\nId:             1\nPersistent:     yes\nAutostart:      disable\n${facts}\n${stored}\n` +
    `=== live definition\n${live}\n`
  );
}

t.test('one answer of virsh holds every domain with its state and definitions', async (t) => {
  const named = (name: string) => `<domain type='qemu' id='1'>\n  <name>${name}</name>\n</domain>`;
  const output = `${LIST}
=== vxmig ${WEB}${answers('running (booted)', named('web'), { live: named('live') })}
=== vxmig ${OLD}${answers('shut off (unknown)', named('a name with blanks'))}
`;
  const domains = parseDomainList('host-a', whole(output));
  t.match(domains, [
    { name: 'web', info: { state: 'running', pausedByMigration: false, xml: />web</, live: />live</ } },
    { name: 'a name with blanks', info: { state: 'shut off', xml: />a name with blanks</, live: null } },
  ]);
  t.notMatch(domains[0]?.info?.xml, /blanks|live/, 'each has its own definition only');
});

t.test('what virsh says of a domain beside its state', async (t) => {
  const of = (facts: string, state = 'shut off (shutdown)') =>
    parseDomainList('host-a', whole(` ${WEB} web\n=== vxmig ${WEB}${answers(state, '<domain/>', { facts })}`))[0]?.info;
  t.match(of(''), { persistent: true, autostart: false, saved: false, reason: '' });
  t.match(of('Persistent:     no\nAutostart:      enable\nManaged save:   yes\n', 'paused (I/O error)'), {
    persistent: false,
    autostart: true,
    saved: true,
    reason: 'I/O error',
  });
});

t.test('a domain that went while the others were asked about has no answers', async (t) => {
  const output = `${LIST}=== vxmig ${WEB}=== vxmig ${OLD}${answers('paused (user)', "<domain type='kvm'/>")}`;
  t.match(parseDomainList('host-a', whole(output)), [
    { name: 'web', info: null },
    { info: { state: 'paused', reason: 'user', pausedByMigration: false } },
  ]);
  for (const reason of ['migrating', 'post-copy failed']) {
    const migrating = parseDomainList('host-a', whole(output.replace('user', reason)));
    t.match(migrating[1], { info: { state: 'paused', pausedByMigration: true } });
  }
});

t.test('states that vxmig does not tell apart are "other"; no domains are none', async (t) => {
  const output = ` ${WEB} web\n=== vxmig ${WEB}${answers('pmsuspended (unknown)', '<domain/>')}`;
  t.equal(parseDomainList('host-a', whole(output))[0]?.info?.state, 'other');
  t.strictSame(parseDomainList('host-a', whole('\n')), []);
});

t.test('what is no answer of virsh is not taken for no domains', async (t) => {
  const said = `=== vxmig ${WEB}${answers('running (booted)', '<domain><name>web</name></domain>')}\n`;
  const good = whole(` ${WEB} web\n${said}`);
  t.equal(parseDomainList('host-a', `Welcome to host-a\n${good}bye\n`).length, 1, 'what a shell says at login');
  for (const [what, output] of [
    ['nothing', ''],
    ['a greeting', 'Welcome\n'],
    ['a list that was cut off', good.replace('=== vxmig end\n', '')],
    ['no mark before it', good.replace('=== vxmig domains\n', '')],
    ['a line that is no domain', whole(`error: what?\n ${WEB} web\n${said}`)],
    ['a state that there is not', good.replace('running', 'fine')],
    ['no state', good.replace('running (booted)\n', '')],
    ['half a definition', good.replace('</domain>', '')],
    ['no live definition', good.replace(/=== live.*?<\/domain>\n/s, '')],
  ] as const)
    t.throws(() => parseDomainList('host-a', output), { code: 'HOST_UNFIT', where: 'host-a' }, what);
});

t.test('a question in the middle that failed is told with its reason', async (t) => {
  const shell = {
    name: 'host-a',
    run: async () => ({
      stdout: 'running (unpaused)\n=== live definition\n<domain/>\n',
      stderr: 'error: Timed out during operation: cannot acquire state change lock (held by monitor=abort)\n',
      exitCode: 0,
    }),
  } as Partial<HostShell> as HostShell;
  await t.rejects(readDomain(shell, 'web'), { code: 'COMMAND_FAILED', message: /cannot acquire state change lock/ });
});
