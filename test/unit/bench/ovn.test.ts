import { readFileSync } from 'node:fs';
import t from 'tap';
import { bindToBoth, bindToOne, makeLogicalNetwork, startController } from '../../../lib/bench/ovn-commands.js';
import { ovnHostParts, ovnTopology, vmPorts } from '../../../lib/bench/ovn-topology.js';
import { chooseMove } from '../../../lib/bench/topology.js';
import { watchingProbes } from '../../../lib/bench/watch.js';
import { probePortName } from '../../../lib/model/names.js';
import { parseTopology } from '../../../lib/topology/read.js';

const file = new URL('../../../../topologies/two-subnets.yaml', import.meta.url);
const topology = parseTopology(readFileSync(file, 'utf8'), 'two-subnets.yaml');
const { vm } = chooseMove(topology);
const twins = ovnTopology(topology, vm);
const facts = { datapath: 'netdev', accelerator: { type: 'qemu' } } as const;

t.test("OVN's VM is the same but for its names", async (t) => {
  const [twin] = twins.vms;
  t.same({ ...twin, name: vm.name }, vm);
  const own = ovnHostParts(topology, 'host-a', facts).domain;
  const theirs = ovnHostParts(twins, 'host-a', facts).domain;
  if (own?.kind !== 'own' || theirs?.kind !== 'own') throw new Error('no domains');
  t.not(theirs.domain, own.domain);
  const hardware = (xml: string) =>
    xml
      .slice(xml.indexOf('<memory '))
      .replace(/web-ovn/g, 'web')
      .replace(/dev='tap-[^']*'/, '');
  t.equal(hardware(theirs.xml), hardware(own.xml));
  t.equal(ovnHostParts(twins, 'host-b', facts).domain, null, 'it begins where the topology has it');
});

t.test('the same addresses are probed, by the same hosts, from namespaces of their own', async (t) => {
  const [own, theirs] = [watchingProbes(topology, vm.name), watchingProbes(twins, 'web-ovn')];
  t.equal(own.length, 2, 'IPv4 and IPv6');
  for (const [index, probe] of own.entries()) {
    t.match(theirs[index], { host: probe.host, address: probe.address, intervalMs: probe.intervalMs });
    t.not(theirs[index]?.namespace, probe.namespace);
    t.equal(theirs[index]?.namespace, probePortName(twins.name, 'blue', 'host-c'));
  }
});

t.test('the logical network has the VM and the probes, with their addresses', async (t) => {
  const probes = topology.hosts.flatMap(({ name }) => ovnHostParts(twins, name, facts).probes.map(({ port }) => port));
  const [command] = makeLogicalNetwork([...vmPorts(twins), ...probes]);
  const words = command?.argv ?? [];
  t.equal(words.filter((word) => word === 'ls-add').length, 1);
  t.ok(words.includes('52:54:00:09:00:01 10.9.0.1 fd00:9::1'));
  t.equal(words.filter((word) => word === 'lsp-add').length, 2, 'the VM, and the probe of host-c');
});

t.test('a controller is told of the central, its own tunnel end and the datapath', async (t) => {
  const text = startController(ovnHostParts(twins, 'host-c', facts), 'fd00::7', 'netdev')
    .map(({ argv }) => argv.join(' '))
    .join('\n');
  t.match(text, 'external_ids:ovn-remote="tcp:[fd00::7]:6642"');
  t.match(text, 'external_ids:ovn-encap-ip="198.18.2.11"');
  t.match(text, 'datapath_type=netdev');
  t.match(text, 'external_ids:iface-id="probe-blue-host-c"');
});

t.test("a migration is OVN's own: both chassis and RARP before, the new one alone after", async (t) => {
  const [bind, wait] = bindToBoth('web-ovn-0', 'host-a', 'host-b');
  t.match(bind?.join(' '), 'lsp-set-options web-ovn-0 requested-chassis=host-a,host-b activation-strategy=rarp');
  t.match(wait?.join(' '), 'wait-until Port_Binding web-ovn-0 additional_chassis!=[]');
  t.match(bindToOne('web-ovn-0', 'host-b').join(' '), /requested-chassis=host-b$/);
});
