import t from 'tap';
import { parseDomainList } from '../../../lib/host/virsh.js';

const WEB = '9f6b0c4e-7a51-8d20-b3f5-0123456789ab';
const OLD = '11111111-2222-8333-9444-555555555555';

const LIST = ` ${WEB} web\n ${OLD} a name with blanks\n`;

t.test('one answer of virsh holds every domain with its state and definition', async (t) => {
  const output = `${LIST}
=== vxmig ${WEB}
running (booted)

<domain type='qemu' id='1'>
  <name>web</name>
</domain>

=== vxmig ${OLD}
shut off (unknown)

<domain type='kvm'>
  <name>a name with blanks</name>
</domain>
`;
  const domains = parseDomainList(output);
  t.match(domains, [
    { name: 'web', info: { state: 'running', pausedByMigration: false, xml: /^<domain type='qemu'/ } },
    { name: 'a name with blanks', info: { state: 'shut off', pausedByMigration: false, xml: /^<domain type='kvm'/ } },
  ]);
  t.notMatch(domains[0]?.info?.xml, /blanks/, 'each has its own definition only');
});

t.test('a domain that went while the others were asked about has no answers', async (t) => {
  const output = `${LIST}=== vxmig ${WEB}\n=== vxmig ${OLD}\npaused (user)\n<domain type='kvm'/>\n`;
  t.match(parseDomainList(output), [
    { name: 'web', info: null },
    { info: { state: 'paused', pausedByMigration: false } },
  ]);
  const migrating = parseDomainList(output.replace('user', 'migrating'));
  t.match(migrating[1], { info: { state: 'paused', pausedByMigration: true } });
});

t.test('states that vxmig does not tell apart are "other"; no domains are none', async (t) => {
  const output = ` ${WEB} web\n=== vxmig ${WEB}\npmsuspended (unknown)\n<domain/>\n`;
  t.equal(parseDomainList(output)[0]?.info?.state, 'other');
  t.strictSame(parseDomainList('\n'), []);
});
