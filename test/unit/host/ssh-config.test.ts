import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import t, { type Test } from 'tap';
import { bySshConfig } from '../../../lib/host/ssh-config.js';
import { readSshConfig } from '../../../lib/host/ssh-config-files.js';
import type { SshSettings } from '../../../lib/model/topology.js';

const SAID: SshSettings = {
  address: 'node',
  port: 22,
  user: 'root',
  identityFile: null,
  hostKey: null,
  assumed: ['port', 'user'],
};
const ENV = { SSH_AUTH_SOCK: '/run/agent', KEYS: '/keys' };

/** A home and a /etc/ssh with these files. */
function home(t: Test, files: Readonly<Record<string, string>>): string {
  const directory = t.testdir({ '.ssh': {}, etc: {} });
  process.env.HOME = directory;
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(`${directory}/${name.slice(0, Math.max(0, name.lastIndexOf('/')))}`, { recursive: true });
    writeFileSync(`${directory}/${name}`, text);
  }
  return directory;
}

async function resolved(directory: string, said: Partial<SshSettings> = {}): Promise<SshSettings> {
  return bySshConfig({ ...SAID, ...said }, await readSshConfig(directory, `${directory}/etc`), ENV);
}

t.test('an alias stands for what the configuration says of it', async (t) => {
  const directory = home(t, {
    '.ssh/config': `Port 2200
Host *.example !bad.example
  User never
host node "other host"
  hostname %h.lan
  User=admin
  Port 2222
  IdentityFile ~/keys/%r
  IdentityFile \${KEYS}/second
  IdentitiesOnly yes
  HostKeyAlias the-node
  UserKnownHostsFile ~/known /also
Host *
  User late
  IdentityFile ~/.ssh/last
`,
  });
  t.same(await resolved(directory), {
    address: 'node.lan',
    port: 2200,
    user: 'admin',
    identityFile: null,
    hostKey: null,
    client: {
      identityFiles: [`${directory}/keys/admin`, '/keys/second', `${directory}/.ssh/last`],
      identitiesOnly: true,
      agent: '/run/agent',
      knownHostsFiles: [`${directory}/known`, '/also', '/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      hostKeyAlias: 'the-node',
      jumps: [],
      unsupported: [],
    },
  });
  t.match(await resolved(directory, { address: 'x.example' }), { user: 'never', port: 2200 });
  t.match(await resolved(directory, { address: 'bad.example' }), { user: 'late' });
});

t.test('what the topology says counts more', async (t) => {
  const directory = home(t, { '.ssh/config': 'Host node\n  HostName 192.0.2.7\n  User admin\n  Port 2222\n' });
  const said = { port: 23, user: 'root', identityFile: '/k', hostKey: 'SHA256:x', assumed: [] };
  t.match(await resolved(directory, said), { ...said, address: '192.0.2.7', assumed: undefined });
});

t.test('without any configuration everything is as it was said', async (t) => {
  const { client, assumed: _, ...others } = await resolved(home(t, {}));
  t.match({ ...SAID, assumed: undefined }, others);
  t.match(client, { identityFiles: [], identitiesOnly: false, agent: '/run/agent', jumps: [] });
});

t.test('files are included where they are named, and the machine’s come last', async (t) => {
  const directory = home(t, {
    '.ssh/config': 'Include conf.d/*\nHost node\n  Include ~/more\nHost *\n  User late\n',
    '.ssh/conf.d/20-b': 'Host node\n  Port 20\n',
    '.ssh/conf.d/10-a': 'Host node\n  Port 10\n',
    '.ssh/conf.d/.hidden': 'Host node\n  User hidden\n',
    more: 'HostName more.lan\nHost other\n  User nobody\n',
    'etc/ssh_config': 'Include etc.d/*.conf\nUser system\nIdentityAgent none\n',
    'etc/etc.d/x.conf': 'HostName system.lan\n',
  });
  t.match(await resolved(directory), { address: 'more.lan', port: 10, user: 'late', client: { agent: null } });
});

t.test('sections by Match, as far as they can be told here', async (t) => {
  const directory = home(t, {
    '.ssh/config': `Match host node user root
  Port 1
Match originalhost node !localuser nobody-at-all
  HostName 192.0.2.7
Match host 192.0.2.*
  Port 7
Match originalhost other exec "touch ${'/nowhere'}/x"
  User nobody
Match host 192.0.2.7 exec "test -f /x"
  User maybe
Match exec "true"
  ForwardAgent yes
Match all
  IdentityAgent $KEYS
`,
  });
  const { address, port, user, client } = await resolved(directory);
  t.same([address, port, user], ['192.0.2.7', 1, 'root']);
  t.equal(client?.agent, '/keys');
  t.match(client?.unsupported, [/^Match host 192\.0\.2\.7 exec test -f \/x \(.*config\)$/]);
  t.equal(client?.unsupported.length, 1, 'what does not concern the host, or nothing that vxmig does, is not told');
});

t.test('jump hosts: each by its own section, the first one’s own before it', async (t) => {
  const directory = home(t, {
    '.ssh/config': `Host node
  ProxyJump first,boss@second:2202
Host first
  HostName first.lan
  ProxyJump zero
Host second
  Port 99
  ProxyJump never
Host none
  ProxyJump none
Host *
  IdentityFile /k
`,
  });
  const { client } = await resolved(directory);
  const me = userInfo().username;
  t.same(
    client?.jumps.map(({ address, port, user }) => [address, port, user]),
    [
      ['zero', 22, me],
      ['first.lan', 22, me],
      ['second', 2202, 'boss'],
    ],
  );
  t.same(client?.jumps[2]?.client?.identityFiles, ['/k']);
  t.same((await resolved(directory, { address: 'none' })).client?.jumps, []);
  const circle = home(t, { '.ssh/config': 'Host node\n  ProxyJump other\nHost other\n  ProxyJump node\n' });
  await t.rejects(resolved(circle), { code: 'SSH_CONNECT', message: /in a circle/ });
});

t.test('what is not followed is refused where it leads elsewhere', async (t) => {
  const directory = home(t, {
    '.ssh/config':
      'Host node\n  ProxyCommand nc -X connect %h %p\nHost both\n  ProxyJump first\n  ProxyCommand nc\n' +
      'Host none\n  ProxyCommand none\n',
  });
  await t.rejects(resolved(directory), {
    code: 'SSH_CONNECT',
    message: /reaches node by a program \(ProxyCommand\), which vxmig does not run/,
    hint: /ProxyJump/,
  });
  t.equal((await resolved(directory, { address: 'both' })).client?.jumps.length, 1, 'the first of the two counts');
  t.ok(await resolved(directory, { address: 'none' }));
  const certificate = home(t, { '.ssh/config': 'CertificateFile ~/.ssh/x-cert.pub\n' });
  t.match((await resolved(certificate)).client?.unsupported, [/^certificatefile ~\/\.ssh\/x-cert\.pub/]);
});

t.test('a file that others may write is not followed', async (t) => {
  const directory = home(t, { '.ssh/config': 'User x\n' });
  chmodSync(`${directory}/.ssh/config`, 0o664);
  await t.rejects(resolved(directory), {
    code: 'SSH_CONNECT',
    message: /others may write .*config/,
    hint: /chmod go-w/,
  });
});
