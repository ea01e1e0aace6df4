import t from 'tap';
import { parseDomainList } from '../../../lib/host/virsh.js';

const WEB = '9f6b0c4e-7a51-8d20-b3f5-0123456789ab';
const OLD = '11111111-2222-8333-9444-555555555555';

const LIST = ` ${WEB} web\n ${OLD} a name with blanks\n`;

function whole(lines: string): string {
  return `=== vxmig domains\n${lines}\n=== vxmig end\n`;
}

t.test('one answer of virsh holds every domain with its state and definition', async (t) => {
  const output = `${LIST}
=== vxmig ${WEB}running (booted)

<domain type='qemu' id='1'>
  <name>web</name>
</domain>

=== vxmig ${OLD}shut off (unknown)

<domain type='kvm'>
  <name>a name with blanks</name>
</domain>
`;
  const domains = parseDomainList('host-a', whole(output));
  t.match(domains, [
    { name: 'web', info: { state: 'running', pausedByMigration: false, xml: /^<domain type='qemu'/ } },
    { name: 'a name with blanks', info: { state: 'shut off', pausedByMigration: false, xml: /^<domain type='kvm'/ } },
  ]);
  t.notMatch(domains[0]?.info?.xml, /blanks/, 'each has its own definition only');
});

t.test('a domain that went while the others were asked about has no answers', async (t) => {
  const output = `${LIST}=== vxmig ${WEB}=== vxmig ${OLD}paused (user)\n<domain type='kvm'/>\n`;
  t.match(parseDomainList('host-a', whole(output)), [
    { name: 'web', info: null },
    { info: { state: 'paused', pausedByMigration: false } },
  ]);
  for (const reason of ['migrating', 'post-copy failed']) {
    const migrating = parseDomainList('host-a', whole(output.replace('user', reason)));
    t.match(migrating[1], { info: { state: 'paused', pausedByMigration: true } });
  }
});

t.test('states that vxmig does not tell apart are "other"; no domains are none', async (t) => {
  const output = ` ${WEB} web\n=== vxmig ${WEB}pmsuspended (unknown)\n<domain/>\n`;
  t.equal(parseDomainList('host-a', whole(output))[0]?.info?.state, 'other');
  t.strictSame(parseDomainList('host-a', whole('\n')), []);
});

t.test('what is no answer of virsh is not taken for no domains', async (t) => {
  const answers = `=== vxmig ${WEB}running (booted)\n\n<domain><name>web</name></domain>\n\n`;
  const good = whole(` ${WEB} web\n${answers}`);
  t.equal(parseDomainList('host-a', `Welcome to host-a\n${good}bye\n`).length, 1, 'what a shell says at login');
  for (const [what, output] of [
    ['nothing', ''],
    ['a greeting', 'Welcome\n'],
    ['a list that was cut off', good.replace('=== vxmig end\n', '')],
    ['no mark before it', good.replace('=== vxmig domains\n', '')],
    ['a line that is no domain', whole(`error: what?\n ${WEB} web\n${answers}`)],
    ['a state that there is not', good.replace('running', 'fine')],
    ['no state', good.replace('running (booted)\n', '')],
    ['half a definition', good.replace('</domain>', '')],
  ] as const)
    t.throws(() => parseDomainList('host-a', output), { code: 'HOST_UNFIT', where: 'host-a' }, what);
});
