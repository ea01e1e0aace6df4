import { homedir } from 'node:os';
import t, { type Test } from 'tap';
import { VxmigError } from '../../../lib/model/errors.js';
import { withLocalImages } from '../../../lib/topology/local-files.js';
import { parseTopology } from '../../../lib/topology/read.js';

const TEXT = `version: 1
name: plans
underlay: {left: {cidr: 198.18.1.0/24}}
hosts: {host-a: {underlay: left, address: 198.18.1.10}}
storage: {pool: {kind: shared, path: /srv/pool}}
networks: {blue: {vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}}
vms:
  web:
    host: host-a
    image: debian
    nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]
`;

function read(...replacements: readonly (readonly [string, string])[]) {
  const text = replacements.reduce((whole, [old, now]) => {
    if (!whole.includes(old)) throw new Error(`not in the topology: ${old}`);
    return whole.replace(old, now);
  }, TEXT);
  return parseTopology(text, 'storage.yaml');
}

function refused(t: Test, message: RegExp, ...replacements: readonly (readonly [string, string])[]) {
  try {
    read(...replacements);
    t.fail(`${message} was not said`);
  } catch (error) {
    t.match(error instanceof VxmigError ? error.message : error, message);
  }
}

t.test('a guest with an image has one disk where the file names none', async (t) => {
  t.match(read().vms[0]?.disks, [{ storage: 'pool', sizeBytes: null, format: 'qcow2', bus: 'virtio', cache: 'none' }]);
  t.strictSame(
    read(['image: debian', 'image: micro'], ['storage: {pool: {kind: shared, path: /srv/pool}}\n', '']).vms[0]?.disks,
    [],
  );
});

t.test('what does not fit together is refused, with the place and the fix', async (t) => {
  refused(t, /lacks `path`/, ['kind: shared, path: /srv/pool', 'kind: shared']);
  refused(t, /which has no `server`/, ['path: /srv/pool', 'path: /srv/pool, server: 192.0.2.1']);
  refused(t, /there is no storage lake/, ['image: debian', 'image: debian\n    disks: [{storage: lake}]']);
  refused(t, /names no `storage`, and the file has none/, ['storage: {pool: {kind: shared, path: /srv/pool}}\n', '']);
  refused(t, /disk 2 of VM web has no `size`/, ['image: debian', 'image: debian\n    disks: [{}, {}]']);
  refused(t, /`disks` changes nothing there/, ['image: debian', 'image: micro\n    disks: [{}]']);
  for (const path of ['srv', '/srv/../etc', '/srv/./x', '//srv', '/'])
    t.throws(() => read(['path: /srv/pool', `path: "${path}"`]), { code: 'TOPOLOGY_INVALID' }, path);
});

t.test('an image on this machine counts from the file’s directory, and is of no other kind', async (t) => {
  const upload = read(['image: debian', 'image: ./base.qcow2\n    upload: true']);
  t.match(upload.vms[0]?.source, { image: { kind: 'upload', path: './base.qcow2' } });
  t.match(withLocalImages(upload, '/srv/labs/storage.yaml').vms[0]?.source, {
    image: { path: '/srv/labs/base.qcow2' },
  });
  const home = read(['image: debian', 'image: ~/base.qcow2\n    upload: true']);
  t.match(withLocalImages(home, 'x.yaml').vms[0]?.source, { image: { path: `${homedir()}/base.qcow2` } });
  refused(t, /relative, and no host knows to what \(.*`upload: true`/, ['image: debian', 'image: ./base.qcow2']);
  refused(t, /`image: debian`, of which there is no file/, ['image: debian', 'image: debian\n    upload: true']);
  refused(t, /boots by BIOS/, ['image: debian', 'image: debian\n    firmware: uefi']);
  refused(t, /`upload` changes nothing there/, ['image: debian', 'image: micro\n    upload: true']);
});

t.test('an NFS server needs its export, whose name goes into a URI', async (t) => {
  const pool = '{kind: shared, path: /srv/pool}';
  t.match(read([pool, '{kind: nfs, server: 198.18.9.10, export: /srv/vms/, path: /var/lib/vxmig/pool}']).storage, [
    { kind: 'nfs', server: '198.18.9.10', export: '/srv/vms', path: '/var/lib/vxmig/pool' },
  ]);
  refused(t, /is `kind: nfs`, and lacks `export`/, [pool, '{kind: nfs, server: 198.18.9.10}']);
  refused(t, /is `kind: nfs`, and lacks `server`/, [pool, '{kind: nfs, export: /srv}']);
  refused(t, /is `kind: shared`, which has no `export`/, [pool, '{kind: shared, path: /srv, export: /srv}']);
  const nfs = (keys: string): [string, string] => [pool, `{kind: nfs, server: 198.18.9.10, export: /srv/vms, ${keys}}`];
  t.match(read(nfs('client: kernel, path: /srv/pool')).storage, [{ client: 'kernel', options: 'hard,vers=4.2' }]);
  t.match(read(nfs('client: kernel, path: /p, options: "vers=4.1,nconnect=4"')).storage, [{ options: /nconnect=4/ }]);
  refused(t, /has `client: kernel`, and lacks `path`/, nfs('client: kernel'));
  refused(t, /not mounted by any host: `options` changes nothing/, nfs('options: vers=4.1'));
  refused(t, /cannot be mounted with `soft`/, nfs('client: kernel, path: /p, options: "vers=4.1,soft"'));
  refused(t, /is `kind: shared`, which has no `client`/, [pool, '{kind: shared, path: /srv, client: kernel}']);
  for (const options of ['a b', 'vers=4.1;id', '$x', '-v'])
    t.throws(() => read(nfs(`client: kernel, path: /p, options: "${options}"`)), { code: 'TOPOLOGY_INVALID' }, options);
  for (const name of ['/srv/a b', '/srv/../etc', 'srv', '/srv?uid=0', '/']) {
    refused(t, /directory of the server/, [pool, `{kind: nfs, server: 198.18.9.10, export: "${name}"}`]);
  }
});
