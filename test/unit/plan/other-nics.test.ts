import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import type { LocalOffer } from '../../../lib/model/local-offer.js';
import { localRequest } from '../../../lib/plan/local-request.js';
import { judgeOtherNics, judgeVhost, otherNics } from '../../../lib/plan/other-nics.js';

const MOVE = { vm: 'shop', shellDomain: "'my shop'", from: 'node-a', to: 'node-b' };
const MAC = '52:54:00:00:00:0a';
const OFFER: LocalOffer = {
  devices: ['lo', 'eth0', 'br0', 'virbr0', 'lan0', 'tap7'],
  networks: new Map([
    ['default', { isActive: true, bridge: 'virbr0', forward: 'nat' }],
    ['alone', { isActive: true, bridge: 'virbr1', forward: '' }],
    ['office', { isActive: true, bridge: 'br0', forward: 'bridge' }],
    ['cellar', { isActive: true, bridge: 'br9', forward: 'bridge' }],
    ['asleep', { isActive: false, bridge: 'virbr2', forward: 'nat' }],
    ['ports', { isActive: true, bridge: null, forward: 'passthrough' }],
  ]),
  paths: ['/etc/qemu-ifup'],
};

function domainWith(type: string, content: string): DomainDefinition {
  return DomainDefinition.parse(
    `<domain><name>x</name><devices>
      <interface type='ethernet'><mac address='52:54:00:09:00:01'/><target dev='tap-shop-x' managed='no'/></interface>
      <interface type='${type}'><mac address='${MAC}'/>${content}</interface></devices></domain>`,
  );
}

function judged(type: string, content: string, offer = OFFER) {
  const nics = otherNics(domainWith(type, content), ['52:54:00:09:00:01']);
  return judgeOtherNics(MOVE, nics, offer);
}

const why = (type: string, content: string) => judged(type, content).obstacles.map((one) => one.why);
const remarks = (type: string, content: string) => judged(type, content).remarks;
const NAME = `the NIC ${MAC} of shop, which the topology does not name,`;

t.test('a NIC of the topology is none of these, however its MAC is written', async (t) => {
  const definition = domainWith('direct', "<source dev='eth0'/>");
  t.strictSame(otherNics(definition, ['52:54:00:09:00:01', MAC.toUpperCase()]), []);
});

t.test('what means nothing at the new host, or something else, keeps the VM', async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['network', "<source network='lost'/>", /is in libvirt’s network lost, which node-b does not have$/],
    ['network', "<source network='asleep'/>", /network asleep, which is off on node-b$/],
    ['network', "<source network='cellar'/>", /network cellar, whose bridge br9 is not on node-b$/],
    ['network', "<source network='ports'/>", /network ports, which has devices of node-b in place of a bridge$/],
    ['network', "<source network='default' dev='eth3' mode='vepa'/>", /has a device of node-a by libvirt’s network/],
    ['bridge', "<source bridge='br7'/>", /is at the bridge br7, which is not on node-b$/],
    ['direct', "<source dev='eth0' mode='bridge'/>", /is a macvtap on eth0 of node-a: .* whatever segment node-b has/],
    ['ethernet', "<target dev='tap8' managed='no'/>", /has the tap tap8, which is not on node-b/],
    ['ethernet', "<script path='/root/up'/>", /is connected by \/root\/up, which is not on node-b$/],
    ['vhostuser', "<source type='unix' path='/run/x' mode='client'/>", /a program of its host’s \(vhostuser\)$/],
    ['vdpa', "<source dev='/dev/vhost-vdpa-0'/>", /a device of its host \(vdpa\)$/],
    ['server', "<source port='5558'/>", /a socket of its host, to which others connect \(server\)$/],
    ['bridge', "<source bridge='br0'/><target dev='lan0'/>", /to be called lan0 .*, and node-b has such a device/],
  ];
  for (const [type, content, message] of cases) t.match(why(type, content), [message], `${type} ${content}`);
  const twice = why('bridge', "<source bridge='br7'/><target dev='lan0'/>");
  t.equal(twice.length, 2, 'each of its reasons is named');
});

t.test('what comes along, and not as it was, is told', async (t) => {
  const told = (type: string, content: string) => remarks(type, content).map((text) => text.replace(`${NAME} `, ''));
  t.match(told('user', ''), [/its connections end with the move/]);
  t.match(told('network', "<source network='default' bridge='virbr0'/><target dev='vnet3'/>"), [
    /^comes into node-b’s own network default \(nat\), which is another one than node-a’s: its connections end/,
  ]);
  t.match(told('network', "<source network='alone'/>"), [/\(isolated\)/]);
  t.match(told('network', "<source network='office'/>"), [/^stays in libvirt’s network office: nobody has looked/]);
  t.match(told('bridge', "<source bridge='br0'/>"), [/^stays at the bridge br0: nobody has looked whether/]);
  const nothing = [
    ['ethernet', ''],
    ['ethernet', "<target dev='tap7' managed='no'/>"],
    ['ethernet', "<script path='/etc/qemu-ifup'/>"],
    ['internal', ''],
    // An SR-IOV function is judged with the devices.
    ['hostdev', ''],
  ] as const;
  for (const [type, content] of nothing) t.strictSame(judged(type, content), { obstacles: [], remarks: [] }, content);
  t.strictSame(why('bridge', "<source bridge='br0'/><target dev='vnet0'/>"), [], 'libvirt makes such a name anew');
});

t.test('how to mend it can be pasted', async (t) => {
  t.match(judged('network', "<source network='it&apos;s'/>").obstacles, [
    {
      fix:
        "Define it on node-b too (`virsh net-dumpxml 'it'\\''s'` on node-a; `virsh net-define FILE` and " +
        "`virsh net-start 'it'\\''s'` on node-b). Or have it in an overlay network (its MAC among the VM's `nics:`), " +
        `or take it out: \`virsh detach-interface 'my shop' network --mac ${MAC} --persistent\` on node-a.`,
    },
  ]);
});

t.test('a live definition has what a network has lent, and the network is what counts', async (t) => {
  const lost = "<source network='lost' portid='1' bridge='br0'/>";
  t.match(judged('bridge', lost).obstacles, [
    {
      why: /is in libvirt’s network lost, which node-b does not have$/,
      fix: /interface 'my shop' network --mac \S+ --config` and, if it is on, `virsh \S+ 'my shop' bridge .* --live`/,
    },
  ]);
  t.match(remarks('bridge', "<source network='office' bridge='br0'/>"), [/stays in libvirt’s network office/]);
  t.strictSame(localRequest(domainWith('bridge', lost), []).networks, ['lost']);
  t.match(why('direct', "<source network='ports' dev='eth3' mode='vepa'/>"), [/macvtap on eth3/]);
});

t.test('the kernel’s half of virtio must be there where it is asked for by name', async (t) => {
  const asked = domainWith('bridge', "<source bridge='br0'/><driver name='vhost'/>");
  t.match(judgeVhost(MOVE, asked, OFFER), [{ why: /node-b has no \/dev\/vhost-net/, fix: /modprobe vhost_net/ }]);
  t.strictSame(judgeVhost(MOVE, asked, { ...OFFER, paths: ['/dev/vhost-net'] }), []);
  t.strictSame(localRequest(asked, []).paths, ['/dev/vhost-net']);
  t.strictSame(judgeVhost(MOVE, domainWith('bridge', "<driver name='qemu'/>"), OFFER), []);
});

t.test('only what the other NICs mention is asked for', async (t) => {
  const of = (type: string, content: string) => localRequest(domainWith(type, content), ['52:54:00:09:00:01']);
  t.strictSame(of('network', "<source network='default' bridge='virbr0'/>"), { networks: ['default'], paths: [] });
  t.strictSame(of('ethernet', "<script path='/etc/up'/>"), { networks: [], paths: ['/etc/up'] });
  t.strictSame(localRequest(domainWith('network', "<source network='default'/>"), [MAC]), { networks: [], paths: [] });
});
