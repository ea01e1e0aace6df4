import t from 'tap';
import { connectNics } from '../../../lib/plan/adopt-domain.js';

const nic = { mac: '52:54:00:09:00:01', device: 'tap-web-abcde', mtu: 1450 };

const domain = (...interfaces: string[]) => `<domain type='kvm'>
  <name>legacy</name>
  <devices>
${interfaces.map((text) => `    ${text}\n`).join('')}    <memballoon model='none'/>
  </devices>
</domain>
`;

const foreign = `<interface type='network'>
      <mac address='52:54:00:09:00:01'/>
      <source network='default'/>
      <model type='e1000'/>
      <driver name='qemu'>
        <host csum='off'/>
      </driver>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/>
    </interface>`;
const other = `<interface type='bridge'>
      <mac address='52:54:00:00:00:99'/>
      <source bridge='br0'/>
    </interface>`;

t.test('only the NIC of that MAC is connected; the guest sees the same NIC at the same place', (t) => {
  const xml = connectNics('legacy', domain(other, foreign), [nic]);
  t.match(xml, /<target dev='tap-web-abcde' managed='no'\/>/);
  t.match(xml, /<mtu size='1450'\/>/);
  t.match(xml, /<model type='e1000'\/>/);
  t.match(xml, /<host csum='off'\/>/);
  t.match(xml, /slot='0x03'/);
  t.notMatch(xml, /network='default'/);
  t.ok(xml.includes(other), 'the other NIC is untouched');
  t.end();
});

t.test('a second time changes nothing', (t) => {
  const once = connectNics('legacy', domain(foreign), [nic]);
  t.equal(connectNics('legacy', once, [nic]), once);
  t.not(connectNics('legacy', once, [{ ...nic, mtu: 1400 }]), once, 'but another MTU does');
  t.end();
});

t.test('a domain without that NIC is refused', (t) => {
  t.throws(() => connectNics('legacy', domain(other), [nic]), {
    code: 'HOST_UNFIT',
    message: /no network interface with the MAC 52:54:00:09:00:01/,
  });
  t.end();
});

t.test('a dollar sign in a kept element is text, not a pattern', (t) => {
  const strange = foreign.replace("<model type='e1000'/>", () => "<model type='$&$1'/>");
  t.match(connectNics('legacy', domain(strange), [nic]), "<model type='$&$1'/>");
  t.end();
});
