import fc from 'fast-check';
import t from 'tap';
import { chooseManagementSubnet } from '../../../lib/lab/management-subnet.js';
import { overlap, parsePrefix } from '../../../lib/model/address.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import type { Topology } from '../../../lib/model/topology.js';

function topology(hosts: number, cidrs: string[] = ['198.18.1.0/24'], overlay: string[] = ['10.9.0.0/24']): Topology {
  return {
    name: 'x',
    lab: {},
    underlay: cidrs.map((cidr, index) => ({ name: `s${index}`, cidrs: [cidr], mtu: 1500, rate: null, delayMs: null })),
    hosts: Array.from({ length: hosts }, (_, index) => ({
      name: `h${index}`,
      underlay: 's0',
      addresses: [`198.18.1.${index + 2}`],
      ssh: null,
      datapath: null,
    })),
    storage: [],
    networks: [
      {
        name: 'blue',
        encapsulation: ENCAPSULATIONS[0],
        vni: 1,
        cidrs: overlay,
        mtu: 1450,
        mesh: { kind: 'full' },
        acl: [],
      },
    ],
    vms: [],
    probes: [],
  };
}

t.test('the first free /26, with the controller first', async (t) => {
  t.same(chooseManagementSubnet(topology(2), []), {
    cidr: '198.19.0.0/26',
    prefixLength: 26,
    controllerAddress: '198.19.0.1',
    hostAddresses: ['198.19.0.2', '198.19.0.3'],
  });
});

t.test('many hosts get a prefix that holds them', async (t) => {
  const subnet = chooseManagementSubnet(topology(62), []);
  t.equal(subnet.cidr, '198.19.0.0/22');
  t.equal(new Set(subnet.hostAddresses).size, 62);
  t.equal(chooseManagementSubnet(topology(61), []).hostAddresses.at(-1), '198.19.0.62', 'the last one of a /26');
  const largest = chooseManagementSubnet(topology(256), []);
  t.equal(largest.cidr, '198.19.0.0/22');
  t.equal(largest.hostAddresses.at(-1), '198.19.1.1', 'a file may not have more');
});

t.test('it never overlaps what is there', async () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const prefix = fc
    .tuple(octet, octet, fc.integer({ min: 17, max: 30 }))
    .map(([a, b, length]) => `198.19.${a}.${b}/${length}`);
  fc.assert(
    fc.property(
      fc.array(prefix, { maxLength: 40 }),
      fc.array(prefix, { maxLength: 3 }),
      prefix,
      (used, underlay, overlay) => {
        const chosen = parsePrefix(chooseManagementSubnet(topology(3, underlay, [overlay]), used).cidr);
        return [...used, ...underlay, overlay].every((text) => {
          const taken = parsePrefix(text);
          return chosen !== null && taken !== null && !overlap(chosen, taken);
        });
      },
    ),
  );
});

t.test('a full pool falls back to the second one, and then it is said', async (t) => {
  t.equal(chooseManagementSubnet(topology(2), ['198.0.0.0/8']).cidr, '100.127.0.0/26');
  t.throws(() => chooseManagementSubnet(topology(2), ['198.0.0.0/8', '100.64.0.0/10']), { code: 'LAB' });
});
