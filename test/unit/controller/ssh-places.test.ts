import { writeFileSync } from 'node:fs';
import t from 'tap';
import { bySshConfigOf } from '../../../lib/controller/ssh-places.js';
import { topologyOf } from '../plan/hosts.js';

const TOPOLOGY = topologyOf();

t.test('hosts are reached as the user’s own ssh reaches them; what the file says counts more', async (t) => {
  const home = t.testdir({ '.ssh': {} });
  writeFileSync(`${home}/.ssh/config`, 'Host node-a\n  HostName 192.0.2.9\n  Port 2222\n  User admin\n', {
    mode: 0o600,
  });
  const before = process.env.HOME;
  process.env.HOME = home;
  t.teardown(() => {
    process.env.HOME = before;
  });
  const ssh = { address: 'node-a', port: 22, user: 'root', identityFile: null, hostKey: null } as const;
  const [a, ...others] = TOPOLOGY.hosts;
  if (a === undefined) throw new Error('no host');
  const reached = async (assumed: readonly ('port' | 'user')[]) =>
    (await bySshConfigOf({ ...TOPOLOGY, hosts: [{ ...a, ssh: { ...ssh, assumed } }, ...others] })).hosts;
  t.match((await reached(['port', 'user']))[0]?.ssh, { address: '192.0.2.9', port: 2222, user: 'admin' });
  t.match((await reached([]))[0]?.ssh, { address: '192.0.2.9', port: 22, user: 'root' });
  const [, b] = await reached([]);
  t.match(b?.ssh, { address: '198.18.2.10', port: 22, user: 'root' }, 'at its tunnel’s address where nothing is said');
  t.ok(b?.ssh?.client, 'a real machine, whose keys the user’s ssh knows');
});
