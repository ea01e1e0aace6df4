import fc from 'fast-check';
import t from 'tap';
import { contains, parsePrefix } from '../../../lib/model/address.js';
import {
  type AddressPlan,
  bridgeName,
  flowTunnelPortName,
  probeAddresses,
  probeMac,
  probePortName,
  tapName,
  tunnelPortName,
  usableRange,
} from '../../../lib/model/names.js';

const name = () => fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);

t.test('every name fits the kernel and says what it is of', async (t) => {
  fc.assert(
    fc.property(name(), name(), name(), fc.nat(7), (topology, network, other, index) => {
      const names = [
        bridgeName(topology, network),
        tapName(topology, other, index),
        tunnelPortName(topology, network, other),
        probePortName(topology, network, other),
        flowTunnelPortName(topology, network),
      ];
      const start = (text: string) => text.replaceAll('-', '').slice(0, 3);
      return (
        names.every((device) => /^[a-z0-9-]{1,15}$/.test(device)) &&
        names[0]?.startsWith(`br-${start(network)}`) === true &&
        names[1]?.startsWith(`tap-${start(other)}`) === true &&
        names[2]?.startsWith(`vx-${start(other)}`) === true &&
        new Set(names).size === names.length
      );
    }),
  );
  t.match(bridgeName('two-subnets', 'blue'), /^br-blue-[a-z2-7]{5}$/);
  t.match(tunnelPortName('two-subnets', 'blue', 'host-a'), /^vx-hosta-[a-z2-7]{5}$/);
  t.match(flowTunnelPortName('two-subnets', 'blue'), /^vx-blue-[a-z2-7]{5}$/);
  t.match(tunnelPortName('two-subnets', 'blue', 'rack-one-host-12'), /^vx-rack12-[a-z2-7]{5}$/);
});

t.test('names are stable: hosts carry them from one run to the next', async (t) => {
  t.same(
    [
      bridgeName('two-subnets', 'blue'),
      tapName('two-subnets', 'web', 0),
      tunnelPortName('two-subnets', 'blue', 'host-a'),
      probePortName('two-subnets', 'blue', 'host-c'),
      probeMac('two-subnets', 'blue', 'host-c'),
    ],
    ['br-blue-yp2yc', 'tap-web-eji6c', 'vx-hosta-gsdo7', 'pr-blue-kpajz', '02:cc:11:cb:72:31'],
  );
});

t.test('names differ by every part of what they name', async (t) => {
  const names = [
    tapName('a', 'web', 0),
    tapName('a', 'web', 1),
    tapName('b', 'web', 0),
    tapName('a', 'we-b', 0),
    tunnelPortName('a', 'red', 'web'),
    tunnelPortName('a', 'blue', 'web'),
    probePortName('a', 'red', 'x'),
    probePortName('a', 'red', 'y'),
    bridgeName('a', 'phy'),
  ];
  t.equal(new Set(names).size, names.length);
});

t.test('probe MACs are unicast and locally administered', async () => {
  fc.assert(
    fc.property(name(), name(), name(), (topology, network, host) =>
      /^02(:[0-9a-f]{2}){5}$/.test(probeMac(topology, network, host)),
    ),
  );
});

t.test('probe addresses come from the end, past what VMs have', async (t) => {
  const plan: AddressPlan = {
    hosts: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    networks: [
      { name: 'blue', cidrs: ['10.9.0.0/24', 'fd00:9::/64'] },
      { name: 'tiny', cidrs: ['10.8.0.0/30'] },
      { name: 'pair', cidrs: ['10.7.0.0/31'] },
    ],
    vms: [
      {
        nics: [
          { network: 'blue', addresses: ['10.9.0.253/24'] },
          { network: 'tiny', addresses: ['10.8.0.2/30'] },
        ],
      },
    ],
  };
  t.same(probeAddresses(plan, 'blue', 'a'), ['10.9.0.254/24', 'fd00:9::ffff:ffff:ffff:ff7f/64']);
  t.same(probeAddresses(plan, 'blue', 'b'), ['10.9.0.252/24', 'fd00:9::ffff:ffff:ffff:ff7e/64']);
  t.same(probeAddresses(plan, 'tiny', 'a'), ['10.8.0.1/30']);
  t.same(probeAddresses(plan, 'tiny', 'b'), []);
  t.same(probeAddresses(plan, 'pair', 'b'), ['10.7.0.0/31']);
  t.same(probeAddresses(plan, 'blue', 'nobody'), []);
  t.same(probeAddresses(plan, 'nothing', 'a'), []);
});

t.test('probe addresses keep out of ranges that rules deny, as far as there are others', async (t) => {
  const rule = (from: string, action: 'allow' | 'deny' = 'deny') => ({
    from: { kind: 'prefix', prefix: from } as const,
    to: { kind: 'any' } as const,
    protocol: 'any' as const,
    ports: null,
    action,
  });
  const plan = (...acl: ReturnType<typeof rule>[]): AddressPlan => ({
    hosts: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    networks: [{ name: 'blue', cidrs: ['10.9.0.0/29', 'fd00:9::/64'], acl }],
    vms: [{ nics: [{ network: 'blue', addresses: ['10.9.0.1/29'] }] }],
  });
  const given = (of: AddressPlan) => ['a', 'b', 'c'].map((host) => probeAddresses(of, 'blue', host)[0]);
  t.same(given(plan()), ['10.9.0.6/29', '10.9.0.5/29', '10.9.0.4/29']);
  t.same(given(plan(rule('10.9.0.4/30'))), ['10.9.0.3/29', '10.9.0.2/29', '10.9.0.6/29'], 'nobody has the same');
  t.same(given(plan(rule('10.9.0.0/29'))), given(plan()), 'where all is denied, nothing is better');
  t.same(given(plan(rule('10.9.0.6/32', 'allow'), rule('10.9.0.4/30'))), ['10.9.0.6/29', '10.9.0.3/29', '10.9.0.2/29']);
  t.same(given(plan(rule('10.9.0.5/32', 'allow'), rule('10.9.0.4/30')))[0], '10.9.0.3/29');
  t.same(probeAddresses(plan(rule('fd00:9::8000:0:0:0/65')), 'blue', 'a')[1], 'fd00:9::7fff:ffff:ffff:ffff/64');
  const ofVm = plan();
  const vms = ofVm.vms.map((vm) => ({ ...vm, acl: [rule('10.9.0.4/30')] }));
  t.same(given({ ...ofVm, vms })[0], '10.9.0.3/29', 'rules of a VM in the network, too');
});

t.test('whatever the network: usable, free, and nobody else’s', async () => {
  const cidr = fc.oneof(
    fc.integer({ min: 20, max: 32 }).map((length) => `10.9.0.0/${length}`),
    fc.integer({ min: 48, max: 128 }).map((length) => `fd00::/${length}`),
  );
  const offsets = fc.uniqueArray(fc.nat(15), { maxLength: 16 });
  fc.assert(
    fc.property(cidr, offsets, fc.integer({ min: 1, max: 20 }), (text, used, hostCount) => {
      const prefix = parsePrefix(text);
      if (prefix === null) return false;
      const vmAddresses = used.map((offset) =>
        prefix.ip.family === 4 ? `10.9.0.${offset}` : `fd00::${offset.toString(16)}`,
      );
      const plan = {
        hosts: Array.from({ length: hostCount }, (_, index) => ({ name: `h${index}` })),
        networks: [{ name: 'n', cidrs: [text] }],
        vms: [{ nics: [{ network: 'n', addresses: vmAddresses.map((address) => `${address}/${prefix.length}`) }] }],
      };
      const given = plan.hosts.flatMap((host) => probeAddresses(plan, 'n', host.name));
      const range = usableRange(prefix);
      const values = given.map((address) => parsePrefix(address)?.ip.value ?? -1n);
      const usable = range === null ? 0n : range.highest.value - range.lowest.value + 1n;
      const enough = usable >= BigInt(used.length + hostCount);
      return (
        new Set(given).size === given.length &&
        (!enough || given.length === hostCount) &&
        given.every((address) => !vmAddresses.includes(address.split('/')[0] ?? '')) &&
        given.every((address) => contains(prefix, parsePrefix(address)?.ip ?? { family: 4, value: -1n })) &&
        values.every((value) => range !== null && range.lowest.value <= value && value <= range.highest.value)
      );
    }),
  );
});
