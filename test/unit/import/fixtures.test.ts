import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { adoptNics } from '../../../lib/plan/adopt-domain.js';
import { offloadingNics } from '../../../lib/plan/nic-offload.js';
import { EXPECTED } from './expected.js';
import { FIXTURE_NAMES, fixture, imported, topologyWith } from './fixture.js';

t.test('there are expectations for each file', async (t) => {
  t.strictSame(FIXTURE_NAMES, Object.keys(EXPECTED).sort());
});

for (const [name, expected] of Object.entries(EXPECTED))
  t.test(name, async (t) => {
    const conversion = imported(fixture(name), {}, name);
    const { source, vm, domain, changed, notCarried } = conversion;
    const definition = DomainDefinition.parse(domain);
    t.equal(source, expected.source);
    t.equal(`${vm.name} ${vm.memory} ${vm.vcpus}`, expected.vm);
    const known = (mac: string) => (fixture(name).toLowerCase().includes(mac) ? mac : 'made');
    t.strictSame(
      vm.nics.map(({ network, mac }) => `${network} ${known(mac)}`),
      expected.nics,
    );
    t.strictSame(
      definition.interfaces.map(({ type, model }) => `${type} ${model}`),
      expected.interfaces,
    );
    t.strictSame(
      definition.disks.map(({ target, device, source: from }) => `${target} ${device} ${from ?? 'none'}`),
      expected.disks,
    );
    for (const pattern of expected.holds ?? []) t.match(domain, pattern);
    for (const pattern of expected.lost)
      t.ok(
        notCarried.some(({ what }) => pattern.test(what)),
        `${pattern} in ${notCarried.map(({ what }) => what).join(' | ')}`,
      );
    for (const { why, hint } of [...changed, ...notCarried]) t.ok(why !== '' && hint !== '');
    for (const { mac } of vm.nics.filter((nic) => known(nic.mac) === 'made'))
      t.ok(
        changed.some(({ why }) => why.includes(mac)),
        `it is said that ${mac} is made up`,
      );
    t.notMatch(JSON.stringify({ domain, changed, notCarried }), /hunter2/, 'no password is copied');
  });

t.test(
  'what comes out is a VM that vxmig takes: its topology is valid, and its NICs are ones that it connects',
  async (t) => {
    for (const name of FIXTURE_NAMES) {
      const conversion = imported(fixture(name), {}, name);
      const topology = topologyWith(conversion);
      const [vm] = topology.vms;
      if (vm === undefined) throw new Error('no VM');
      t.equal(vm.source.kind, 'domain');
      const definition = DomainDefinition.parse(conversion.domain);
      const nics = vm.nics.map(({ mac }, index) => ({ mac, device: `tap-${index}`, mtu: 1450 }));
      const { updates } = adoptNics({ host: 'host-a', domain: definition.name }, definition, nics, null);
      t.strictSame(
        updates.map(({ mac }) => mac),
        nics.map(({ mac }) => mac),
        name,
      );
      const offloading = offloadingNics(vm, conversion.domain);
      for (const { mac, model } of offloading) {
        t.not(model, 'virtio', `${name}: ${mac}`);
        t.ok(
          conversion.changed.some(({ why }) => why.includes(model)),
          `${name}: it is said of ${model}`,
        );
      }
      t.equal(vm.memoryBytes, definition.memoryBytes, `${name}: the file and the definition say the same`);
      t.equal(vm.vcpus, definition.vcpus, name);
    }
  },
);

t.test('the same file gives the same VM', async (t) => {
  for (const name of FIXTURE_NAMES)
    t.strictSame(imported(fixture(name), {}, name), imported(fixture(name), {}, `/elsewhere/${name}`), name);
});
