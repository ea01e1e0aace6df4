import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { bySshConfigOf } from '../../lib/controller/ssh-places.js';
import { HostConnection } from '../../lib/host/connection.js';
import { observeMachine, refuseOneTwice } from '../../lib/host/machine.js';
import type { SshSettings, Topology } from '../../lib/model/topology.js';

const SSHD = '/usr/sbin/sshd';
const skip =
  process.getuid?.() === 0 && existsSync(SSHD) ? false : 'sshd takes other users’ logins only where it runs as root';

interface Server {
  readonly port: number;
  /** As known_hosts has it, without the host. */
  readonly key: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** OpenSSH's own, for as long as the test takes. */
async function sshd(t: Test, directory: string, name: string): Promise<Server> {
  const place = `${directory}/${name}`;
  mkdirSync(place);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${place}/host_key`]);
  const port = await freePort();
  writeFileSync(
    `${place}/config`,
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${place}/host_key
PidFile none
AuthorizedKeysFile ${directory}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
`,
  );
  const child = spawn(SSHD, ['-D', '-e', '-f', `${place}/config`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  t.teardown(() => child.kill());
  for (let tries = 0; tries < 500 && !said.includes('Server listening'); tries++) await sleep(10);
  const [type, base64] = readFileSync(`${place}/host_key.pub`, 'utf8').split(' ');
  return { port, key: `${type} ${base64}` };
}

/** As a topology file of real machines says it where it says only the name. */
async function reached(name: string): Promise<SshSettings> {
  const ssh = {
    address: name,
    port: 22,
    user: 'root',
    identityFile: null,
    hostKey: null,
    assumed: ['port', 'user'],
  } as const;
  const host = { name, underlay: '', addresses: [], ssh, datapath: null };
  const topology: Topology = {
    name: 'x',
    lab: null,
    underlay: [],
    hosts: [host],
    storage: [],
    networks: [],
    vms: [],
    probes: [],
  };
  const settings = (await bySshConfigOf(topology)).hosts[0]?.ssh;
  if (!settings) throw new Error('no settings');
  return settings;
}

t.test('hosts as ~/.ssh/config names them, through jump hosts, each with its own key', { skip }, async (t) => {
  const home = t.testdir({ '.ssh': {} });
  process.env.HOME = home;
  delete process.env.SSH_AUTH_SOCK;
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${home}/my key`]);
  writeFileSync(`${home}/authorized_keys`, readFileSync(`${home}/my key.pub`));
  const [first, second, node] = await Promise.all(['first', 'second', 'node'].map((name) => sshd(t, home, name)));
  if (first === undefined || second === undefined || node === undefined) throw new Error('no server');
  writeFileSync(
    `${home}/.ssh/config`,
    `Host first second node plain
  HostName 127.0.0.1
  User root
  IdentityFile "~/my key"
Host first
  Port ${first.port}
Host second
  Port ${second.port}
Host node plain
  Port ${node.port}
Host node
  ProxyJump first,second
`,
  );
  const known = (...servers: readonly Server[]) =>
    writeFileSync(`${home}/.ssh/known_hosts`, servers.map(({ port, key }) => `[127.0.0.1]:${port} ${key}\n`).join(''));
  known(first, second, node);
  const settings = await reached('node');
  const shell = await HostConnection.open('node', settings);
  // sshd tells from which port of its own machine it was reached: that is the last jump host's, not ours.
  const { stdout } = await shell.run(['sh', '-c', 'echo "$SSH_CONNECTION"']);
  t.match(stdout, new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${node.port}\n$`));
  const machine = await observeMachine(shell);
  shell.close();
  t.match(machine, { isRoot: true, user: 'root' });

  // The same server by another of its names.
  const plain = await HostConnection.open('plain', await reached('plain'));
  const same = await observeMachine(plain);
  plain.close();
  t.throws(
    () =>
      refuseOneTwice([
        { host: 'node', machine },
        { host: 'plain', machine: same },
      ]),
    {
      code: 'TOPOLOGY_INVALID',
      message: /node and plain are one machine/,
    },
  );

  known(first, node);
  await t.rejects(HostConnection.open('node', settings), {
    code: 'SSH_HOST_KEY',
    message: /127\.0\.0\.1, the jump host for node \(127\.0\.0\.1:\d+\) shows the SSH key .* nothing was sent to it/,
  });
  known(first, second);
  await t.rejects(HostConnection.open('node', settings), { code: 'SSH_HOST_KEY', message: /^node \(/ });

  known(first, second, node);
  const away = { ...settings, port: await freePort() };
  await t.rejects(HostConnection.open('node', away), {
    code: 'SSH_CONNECT',
    message: /^127\.0\.0\.1, the jump host for node does not reach node/,
    hint: /AllowTcpForwarding.*`ssh -J 'root@127\.0\.0\.1:\d+,root@127\.0\.0\.1:\d+' -p \d+ root@127\.0\.0\.1`|AllowTcpForwarding.*`ssh -J root@/,
  });
});
