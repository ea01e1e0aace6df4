import fc from 'fast-check';
import t from 'tap';
import { domainXml, readOwnerMark } from '../../../lib/plan/domain-xml.js';
import { topologyOf } from './hosts.js';

const TOPOLOGY = topologyOf();
const [WEB] = TOPOLOGY.vms;
if (WEB === undefined) throw new Error('no VM');
const TCG = { type: 'qemu' } as const;

t.test('the definition says what the topology says', async (t) => {
  const xml = domainXml(TOPOLOGY, { ...WEB, vcpus: 2 }, TCG);
  for (const part of [
    "<domain type='qemu'>",
    '<name>web</name>',
    "<memory unit='b'>134217728</memory>",
    '<vcpu>2</vcpu>',
    "<mac address='52:54:00:09:00:01'/>",
    "<mtu size='1450'/>",
    'vxmig.nic=52:54:00:09:00:01,1450,10.9.0.1/24,fd00:9::1/64',
  ]) {
    t.ok(xml.includes(part), part);
  }
  t.match(xml, /<target dev='tap-web-[a-z2-7]{5}' managed='no'\/>/);
  t.match(domainXml(TOPOLOGY, WEB, { type: 'kvm' }), /^<domain type='kvm'>/);
});

t.test('it is the same text on every host, and the UUID stays when the definition changes', async (t) => {
  const uuid = (xml: string) => /<uuid>(.*)<\/uuid>/.exec(xml)?.[1];
  const xml = domainXml(TOPOLOGY, WEB, TCG);
  t.equal(domainXml(TOPOLOGY, { ...WEB, host: 'host-b' }, TCG), xml);
  const bigger = domainXml(TOPOLOGY, { ...WEB, memoryBytes: 2 ** 28 }, TCG);
  t.equal(uuid(bigger), uuid(xml));
  t.match(uuid(xml), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.not(uuid(domainXml({ ...TOPOLOGY, name: 'other' }, WEB, TCG)), uuid(xml));
});

t.test('the mark of ownership is read back, and its fingerprint follows the definition', async (t) => {
  const mark = readOwnerMark(domainXml(TOPOLOGY, WEB, TCG));
  t.match(mark, { topology: 'plans', vm: 'web', spec: /^[0-9a-f]{16}$/ });
  t.equal(readOwnerMark(domainXml(TOPOLOGY, { ...WEB, host: 'host-b' }, TCG))?.spec, mark?.spec);
  const others = [
    { ...WEB, memoryBytes: 2 ** 28 },
    { ...WEB, vcpus: 2 },
    { ...WEB, nics: WEB.nics.map((nic) => ({ ...nic, addresses: ['10.9.0.9/24'] })) },
  ];
  for (const vm of others) t.not(readOwnerMark(domainXml(TOPOLOGY, vm, TCG))?.spec, mark?.spec);
});

t.test('libvirt may print the mark in its own way; what is not a mark is none', async (t) => {
  const mark = readOwnerMark(domainXml(TOPOLOGY, WEB, TCG));
  const printed = domainXml(TOPOLOGY, WEB, TCG)
    .replaceAll("'", '"')
    .replaceAll('vxmig:vm', 'ns:vm')
    .replaceAll('xmlns:vxmig', 'xmlns:ns');
  t.strictSame(readOwnerMark(printed), mark);
  t.equal(
    readOwnerMark(
      '<domain><metadata><x:vm xmlns:x="https://example.org/" topology="plans" name="web" ' +
        'spec="1"/></metadata></domain>',
    ),
    null,
  );
  t.equal(readOwnerMark('<domain/>'), null);
});

t.test('every size and number of processors gives well-formed numbers', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 64 }), (memoryBytes, vcpus) => {
      const xml = domainXml(TOPOLOGY, { ...WEB, memoryBytes, vcpus }, TCG);
      return xml.includes(`<memory unit='b'>${memoryBytes}</memory>`) && xml.includes(`<vcpu>${vcpus}</vcpu>`);
    }),
  );
});

t.test('with UEFI each host has its own firmware, and the variables lie where the medium does', async (t) => {
  const [uefi, bios] = ['uefi', 'bios'].map((firmware) => {
    const topology = topologyOf(
      ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool}}\nnetworks:\n'],
      ['image: micro', `image: /srv/base.raw\n    firmware: ${firmware}`],
    );
    return topology.vms.map((vm) => domainXml(topology, vm, TCG)).join('');
  });
  t.match(uefi, /<os firmware='efi'>/);
  t.match(uefi, '<nvram>/var/lib/vxmig/seeds/plans/web.nvram</nvram>');
  t.notMatch(bios, /efi|nvram/);
});
