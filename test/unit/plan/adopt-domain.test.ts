import t from 'tap';
import { DomainDefinition, parseInterface } from '../../../lib/model/domain-definition.js';
import { adoptNics, givenBack } from '../../../lib/plan/adopt-domain.js';

const MAC = '52:54:00:09:00:01';
const NIC = { mac: MAC, device: 'tap-web-abcde', mtu: 1450 };
const WHERE = { host: 'host-a', domain: 'legacy' };

function domainWith(...interfaces: string[]): DomainDefinition {
  return DomainDefinition.parse(`<domain><name>legacy</name><devices>${interfaces.join('\n')}</devices></domain>`);
}

function nicOf(type: string, content: string, attributes = ''): string {
  return `<interface type='${type}'${attributes}><mac address='${MAC}'/>${content}</interface>`;
}

/** The one interface that is to be another, as the domain then has it. */
function adopted(nic: string) {
  const { updates, originals } = adoptNics(WHERE, domainWith(nic), [NIC], null);
  const [update] = updates;
  if (update === undefined || updates.length > 1) throw new Error(`${updates.length} updates`);
  return { ...update, element: parseInterface(update.xml).element, original: originals.get(MAC) };
}

/** Names and attributes of what is in it, in no order. */
function contentOf(xml: string): string[] {
  const { element } = parseInterface(xml);
  return [...element.childNodes].map(String).sort();
}

t.test('what says how it is connected changes, and nothing else', async (t) => {
  const kept = [
    "<model type='virtio'/>",
    "<driver name='vhost' queues='4' rx_queue_size='1024'><host csum='off'/></driver>",
    "<address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/>",
    "<boot order='1'/>",
    "<rom bar='off'/>",
    "<acpi index='7'/>",
    "<alias name='ua-front'/>",
    "<link state='down'/>",
    "<bandwidth><inbound average='1000'/></bandwidth>",
    "<filterref filter='clean-traffic'><parameter name='IP' value='10.9.0.1'/></filterref>",
    '<tune><sndbuf>1600</sndbuf></tune>',
    "<teaming type='persistent'/>",
    "<guest dev='eth0'/>",
    "<something new='1'/>",
  ];
  const nic = nicOf('bridge', `<source bridge='br0'/><target dev='vnet3'/><mtu size='9000'/>${kept.join('')}`);
  const { xml, element } = adopted(nic);
  t.equal(element.getAttribute('type'), 'ethernet');
  const expected = [
    ...contentOf(nicOf('ethernet', kept.join(''))),
    ...contentOf(`<interface><target dev='tap-web-abcde' managed='no'/><mtu size='1450'/></interface>`),
  ];
  t.strictSame(contentOf(xml), expected.sort());
});

t.test('each thing that changes is told, before and after', async (t) => {
  const lines = (nic: string) => adopted(nic).details.map((line) => line.replace(`NIC ${MAC}: `, ''));
  t.strictSame(
    lines(
      nicOf(
        'bridge',
        `<source bridge='br-office'/><vlan><tag id='42'/></vlan><virtualport type='openvswitch'/><mtu size='9000'/>
        <coalesce><rx><frames max='7'/></rx></coalesce><link state='down'/><filterref filter='clean-traffic'/>`,
      ),
    ),
    [
      'bridge br-office → the tap tap-web-abcde',
      'MTU 9000 → 1450',
      'VLAN tag 42 → none: it belongs to bridge br-office',
      'virtual port openvswitch → none: it belongs to bridge br-office',
      'coalescing of 7 frames → none: libvirt has it for bridges and networks only',
      'filter clean-traffic: kept, but libvirt’s filters see no frame of Open vSwitch; `allow` and `acl` ' +
        'in the file do',
      'its link is down, and stays so',
    ],
  );
  const first = (nic: string) => lines(nic)[0];
  t.equal(
    first(nicOf('network', "<source network='default' portgroup='x'/>")),
    'network default → the tap tap-web-abcde',
  );
  t.equal(first(nicOf('direct', "<source dev='eth1' mode='bridge'/>")), 'macvtap on eth1 → the tap tap-web-abcde');
  t.equal(first(nicOf('ethernet', "<target dev='tap7'/>")), 'the tap tap7 → the tap tap-web-abcde');
  t.equal(first(nicOf('ethernet', '')), 'a tap of libvirt’s → the tap tap-web-abcde');
  t.equal(first(nicOf('user', '')), 'type user → the tap tap-web-abcde');
  const user = lines(nicOf('user', "<backend type='passt'/><ip address='10.0.2.15'/><portForward proto='tcp'/>"));
  t.match(user[2], 'forwarded ports → none: it belongs to type user');
  t.match(user[3], 'address 10.0.2.15 → none');
  t.match(
    first(nicOf('bridge', "<source bridge='a&#10;b&#27;[31m'/>")),
    /^bridge a\nb\\u001b\[31m/,
    'and obeys no terminal',
  );
});

t.test('a NIC whose frames a tap cannot carry, or to others than before, is refused', async (t) => {
  const cases: Record<string, readonly [nic: string, message: RegExp]> = {
    hostdev: [
      nicOf('hostdev', "<source><address type='pci'/></source>", " managed='yes'"),
      /device of the host that is passed/,
    ],
    vhostuser: [nicOf('vhostuser', "<source type='unix' path='/run/x'/>"), /it is of type vhostuser/],
    vdpa: [nicOf('vdpa', "<source dev='/dev/vhost-vdpa-0'/>"), /it is of type vdpa/],
    trunk: [nicOf('bridge', "<vlan trunk='yes'><tag id='42'/></vlan>"), /a trunk for the VLANs 42/],
    'two VLANs': [nicOf('bridge', "<vlan><tag id='42'/><tag id='43'/></vlan>"), /a trunk for the VLANs 42, 43/],
    isolated: [nicOf('bridge', "<port isolated='yes'/>"), /isolated from other ports/],
  };
  for (const [what, [nic, message]] of Object.entries(cases))
    t.throws(() => adopted(nic), { code: 'HOST_UNFIT', where: 'host-a legacy', message, hint: /./ }, what);
  t.throws(() => adoptNics(WHERE, domainWith(), [NIC], null), {
    code: 'HOST_UNFIT',
    message: /no network interface with the MAC 52:54:00:09:00:01/,
  });
});

t.test('all that is wrong with its NICs is told at once', async (t) => {
  const other = { mac: '52:54:00:09:00:02', device: 'tap-web-fghij', mtu: 1450 };
  const twin = nicOf('bridge', "<source bridge='br0'/>");
  t.throws(() => adoptNics(WHERE, domainWith(twin, twin), [NIC, other], null), {
    code: 'HOST_UNFIT',
    message:
      `the domain legacy on host-a is not taken: it has 2 network interfaces with the MAC ${MAC}, and libvirt ` +
      `changes none of them; it has no network interface with the MAC ${other.mac}; nothing was changed`,
    hint: /MAC of its own: `virsh edit legacy`\. Add one with/,
  });
});

t.test('a second time changes nothing, and what it was before is still known', async (t) => {
  const nic = nicOf('bridge', "<source bridge='br0'/><model type='virtio'/>");
  const first = adoptNics(WHERE, domainWith(nic), [NIC], null);
  const after = domainWith(first.updates[0]?.xml ?? '');
  const second = adoptNics(WHERE, after, [NIC], first);
  t.strictSame(second, { updates: [], originals: first.originals });
  const smaller = adoptNics(WHERE, after, [{ ...NIC, mtu: 1400 }], first);
  t.match(smaller.updates, [{ details: [`NIC ${MAC}: MTU 1450 → 1400`] }]);
  t.match(smaller.originals.get(MAC), 'br0', 'not what vxmig has made of it');
});

t.test('given back it is as it was, with what its owner has changed meanwhile', async (t) => {
  const nic = nicOf(
    'direct',
    "<source dev='eth1' mode='bridge'/><vlan><tag id='42'/></vlan><model " +
      "type='virtio'/><coalesce><rx/></coalesce><link state='down'/>",
    " trustGuestRxFilters='yes'",
  );
  const { xml, original = '' } = adopted(nic);
  const back = givenBack(parseInterface(xml), original);
  t.strictSame(contentOf(back.xml), contentOf(nic));
  t.match(back.xml, /^<interface type="direct" trustGuestRxFilters="yes">/);
  t.strictSame(back.details, [`NIC ${MAC}: the tap tap-web-abcde → macvtap on eth1`]);
  const up = givenBack(parseInterface(xml.replace('down', 'up')), original);
  t.match(up.xml, 'link state="up"');
  const lost = givenBack(parseInterface(xml), null);
  t.match(parseInterface(lost.xml), { type: 'ethernet', device: null, model: 'virtio' });
  t.match(lost.details, [/what it had is not known/]);
});

t.test('a NIC that the topology no longer has is given back', async (t) => {
  const first = adoptNics(WHERE, domainWith(nicOf('user', '')), [NIC], null);
  const after = domainWith(first.updates[0]?.xml ?? '');
  const { updates, originals } = adoptNics(WHERE, after, [], first);
  t.match(updates, [{ mac: MAC, xml: /type="user"/ }]);
  t.strictSame([...originals], []);
});
