import t from 'tap';
import { planStorageLinks, planStoragePort } from '../../../lib/lab/network-plan.js';
import { ganeshaFile } from '../../../lib/lab/storage-daemons.js';
import { storageMounts } from '../../../lib/lab/storage-mounts.js';
import { checkStorageServers, storageServers } from '../../../lib/lab/storage-servers.js';
import type { Storage } from '../../../lib/model/storage.js';
import { twoSubnets } from '../../lab/lab-topology.js';

const nfs = (name: string, server: string, path = `/srv/${name}`): Storage => ({
  name,
  kind: 'nfs',
  path: '/mnt/pool',
  server,
  export: path,
  port: null,
  client: 'qemu',
  options: '',
});
const topology = (...storage: readonly Storage[]) => ({ ...twoSubnets('x'), storage });

t.test('one machine for each address; what it serves no host has as a directory', async (t) => {
  const both = topology(nfs('pool', '198.18.9.10'), nfs('other', '198.18.9.10'), nfs('third', '198.18.1.99'));
  t.match(storageServers(both), [
    { name: 'nfs-pool', address: '198.18.9.10', exports: [{ path: '/srv/pool' }, { path: '/srv/other' }] },
    { name: 'nfs-third', address: '198.18.1.99' },
  ]);
  t.strictSame(storageMounts(both, 'host-a'), []);
  const [server] = storageServers(both);
  t.match(ganeshaFile(server ?? { exports: [] }).content, /Export_Id = 2; Path = "\/srv\/other"/);
});

t.test('outside of all segments it has a link of two addresses, in one it is a port of its switch', async (t) => {
  const [alone, inside] = storageServers(topology(nfs('a', '198.18.9.10'), nfs('b', '198.18.1.99')));
  if (alone === undefined || inside === undefined) throw new Error('two servers');
  const plans = [alone, inside].map((server) => ({
    port: planStoragePort('x', topology(), server, 1).operations,
    links: planStorageLinks(topology(), server),
  }));
  t.match(plans[0]?.port[2], { kind: 'address', address: '198.18.9.11/31' });
  t.match(plans[0]?.links.slice(1), [{ address: '198.18.9.10/31' }, { kind: 'up' }, { gateway: '198.18.9.11' }]);
  t.match(plans[1]?.port[2], { kind: 'master', master: 'br-left' });
  t.match(plans[1]?.links.slice(1), [{ address: '198.18.1.99/24' }, { kind: 'up' }, { gateway: '198.18.1.1' }]);
});

t.test('what a lab cannot build is refused before anything is made', async (t) => {
  const refused = (message: RegExp, ...storage: readonly Storage[]) =>
    t.throws(() => checkStorageServers(topology(...storage)), { code: 'TOPOLOGY_INVALID', message });
  refused(/nas.example is a name/, nfs('pool', 'nas.example'));
  refused(/has the address of host-a/, nfs('pool', '198.18.1.10'));
  refused(/has the address of the router/, nfs('pool', '198.18.1.1'));
  refused(/Two storages are the same directory/, nfs('a', '198.18.9.10', '/srv'), nfs('b', '198.18.9.10', '/srv'));
  t.doesNotThrow(() => checkStorageServers(topology(nfs('pool', '198.18.9.10'))));
});
