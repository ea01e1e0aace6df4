import t from 'tap';
import { runsOn } from '../../../lib/controller/places.js';
import { domainSeen } from '../plan/domains.js';
import { appliedHosts, topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

t.test('a VM runs where its domain does, by whatever name libvirt has it', async (t) => {
  const topology = topologyOf(['image: micro', 'domain: shop']);
  const fleet = new Fleet(topology, appliedHosts(topologyOf()));
  fleet.change('host-b', () => ({ domains: [domainSeen('shop', '<domain/>'), domainSeen('other', '<domain/>')] }));
  await fleet.controller.observe();
  t.ok(runsOn(fleet.controller, 'web', 'host-b'));
  t.notOk(runsOn(fleet.controller, 'web', 'host-a'), 'what is called like the VM is another domain');
  t.notOk(runsOn(fleet.controller, 'other', 'host-b'), 'a domain that the file does not have is none of its VMs');
  fleet.change('host-b', () => ({ domains: [domainSeen('shop', '<domain/>', { state: 'paused' })] }));
  t.ok(runsOn(fleet.controller, 'web', 'host-b'), 'by the last look');
  await fleet.controller.observe();
  t.notOk(runsOn(fleet.controller, 'web', 'host-b'));
});
