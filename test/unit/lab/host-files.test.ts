import t from 'tap';
import { hostFiles, knownHosts } from '../../../lib/lab/host-files.js';
import type { LabState } from '../../../lib/lab/lab-state.js';
import type { LabIdentities } from '../../../lib/lab/ssh-identities.js';
import { twoSubnets } from '../../lab/lab-topology.js';

const topology = twoSubnets('x');
const planned = { phase: 'planned', pid: null, startedAt: null } as const;
const state: LabState = {
  version: 1,
  name: 'x',
  createdAt: '2026-01-01T00:00:00.000Z',
  phase: 'starting',
  topology,
  libvirt: true,
  management: { cidr: '198.19.0.0/26', prefixLength: 26, controllerAddress: '198.19.0.1', bridge: 'vxm-br' },
  router: { ...planned, name: 'router' },
  storageServers: [],
  hosts: topology.hosts.map((host, index) => ({
    ...planned,
    name: host.name,
    managementAddress: `198.19.0.${index + 2}`,
    managementPort: `vxm-h${index}`,
    hostKey: '',
  })),
  warnings: [],
  limits: { filesBytes: 2 ** 30, files: 65_536, logBytes: 2 ** 26, processes: 2048 },
};
const pair = (name: string) => ({ privateKey: `private ${name}`, publicKey: `ssh-ed25519 ${name} comment` });
const identities: LabIdentities = {
  controller: pair('controller'),
  hosts: new Map(
    topology.hosts.map(({ name }) => [name, { host: pair(`hostkey-${name}`), user: pair(`user-${name}`) }]),
  ),
};

function file(host: string, path: string) {
  const found = hostFiles(state, host, identities).find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(`${path} is missing`);
  return found;
}

t.test('every host knows everybody, by both addresses', async (t) => {
  t.same(file('host-a', '/etc/hosts').content.split('\n').slice(2, -1), [
    '198.19.0.2 host-a',
    '198.18.1.10 host-a-vtep',
    'fd00:18:1::10 host-a-vtep',
    '198.19.0.3 host-with-a-long-name-b',
    '198.18.2.10 host-with-a-long-name-b-vtep',
    'fd00:18:2::10 host-with-a-long-name-b-vtep',
  ]);
  t.match(
    knownHosts(state, identities),
    /^host-a,host-a-vtep,198\.19\.0\.2,198\.18\.1\.10,fd00:18:1::10 ssh-ed25519 hostkey-host-a$/m,
  );
});

t.test('the controller and all hosts may log in; private keys are for root only', async (t) => {
  const authorized = file('host-a', '/root/.ssh/authorized_keys');
  for (const { name } of topology.hosts) t.match(authorized.content, `user-${name}`);
  t.match(authorized.content, 'ssh-ed25519 controller');
  for (const path of ['/root/.ssh/id_ed25519', '/etc/ssh/ssh_host_ed25519_key'])
    t.equal(file('host-a', path).mode, 0o600);
});

t.test('no two hosts have one UUID: libvirt would refuse to migrate between them', async (t) => {
  const uuid = (host: string) => /host_uuid = "(.*)"/.exec(file(host, '/etc/libvirt/libvirtd.conf').content)?.[1];
  t.match(uuid('host-a'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.not(uuid('host-a'), uuid('host-with-a-long-name-b'));
});
