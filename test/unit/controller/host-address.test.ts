import t from 'tap';
import { libvirtUriOf, sshOf } from '../../../lib/controller/host-address.js';
import type { Host } from '../../../lib/model/topology.js';

const HOST: Host = { name: 'host-a', underlay: 'left', addresses: ['198.18.1.10'], ssh: null, datapath: null };
const SSH = { address: 'fd00::1', port: 2222, user: 'a b@c', identityFile: null, hostKey: null };

t.test('where nothing is said a host is reached at its tunnel’s address, as root', async (t) => {
  t.match(sshOf(HOST), { address: '198.18.1.10', port: 22, user: 'root', identityFile: null, hostKey: null });
  t.equal(libvirtUriOf(HOST), 'qemu+ssh://root@198.18.1.10:22/system');
});

t.test('what the file says counts, and stays one URI whatever is in it', async (t) => {
  const host = { ...HOST, ssh: SSH };
  t.equal(sshOf(host), SSH);
  t.equal(libvirtUriOf(host), 'qemu+ssh://a%20b%40c@[fd00::1]:2222/system');
});
