import { isMigrated } from './documents.js';
import { type Document, onLab } from './harness.js';

const MAC = '52:54:00:09:00:01';
const LAN_MAC = '52:54:00:00:00:0a';
const OFFICE_MAC = '52:54:00:00:00:0b';
const USER_MAC = '52:54:00:00:00:0c';
const OFF = "csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'";
const GUEST_OFF = "csum='off' tso4='off' tso6='off' ecn='off' ufo='off'";
const VARIABLES = '/var/lib/libvirt/qemu/nvram/legacy_VARS.fd';

/**
 * As somebody has defined it, with firmware that keeps variables: SeaBIOS from flash, which leaves them alone. Of its
 * NICs the topology names the first one.
 */
const definition = (devices: string, more = '') => `<domain type='qemu'>
  <name>legacy</name><uuid>6ba7b810-9dad-41d1-80b4-00c04fd430c8</uuid><memory unit='MiB'>128</memory><vcpu>1</vcpu>
  ${more}
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/seabios/bios-256k.bin</loader>
    <nvram template='/var/lib/vxmig-test/VARS.fd'>${VARIABLES}</nvram>
    <kernel>/var/lib/vxmig/images/micro/vmlinuz</kernel>
    <initrd>/var/lib/vxmig/images/micro/initrd.img</initrd>
    <cmdline>console=ttyS0 vxmig.name=legacy vxmig.nic=${MAC},1450,10.9.0.1/24,fd00:9::1/64</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <devices>
    <interface type='bridge'>
      <mac address='${MAC}'/><source bridge='ovs-office'/><vlan><tag id='42'/></vlan>
      <virtualport type='openvswitch'/><target dev='web0'/><model type='virtio'/>
      <driver name='qemu' queues='2'><host ${OFF}/><guest ${GUEST_OFF}/></driver>
    </interface>
    ${devices}
    <serial type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>`;

const OTHERS = `
    <interface type='bridge'>
      <mac address='${LAN_MAC}'/><source bridge='br-lan'/><target dev='lan0'/><model type='virtio'/>
    </interface>
    <interface type='network'><mac address='${OFFICE_MAC}'/><source network='office'/><model type='virtio'/></interface>
    <interface type='user'><mac address='${USER_MAC}'/><model type='virtio'/></interface>`;
const OFFICE = "<network><name>office</name><forward mode='bridge'/><bridge name='br-lan'/></network>";

/** Nothing of it need be there to be defined. */
const STUCK = `
    <filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/><target dir='share'/></filesystem>
    <interface type='direct'><mac address='${LAN_MAC}'/><source dev='eth7' mode='bridge'/></interface>
    <hostdev mode='subsystem' type='pci'><source>
      <address domain='0x0000' bus='0x3b' slot='0x02' function='0x0'/></source></hostdev>
    <tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>
    <graphics type='vnc' port='-1'><listen type='address' address='192.0.2.99'/></graphics>`;
const HUGE = "<memoryBacking><hugepages/><access mode='shared'/></memoryBacking>";

await onLab('two-subnets', async (t, lab) => {
  await lab.edit((text) => text.replace(/^( *)image: micro.*$/m, '$1domain: legacy'));
  const define = (xml: string) =>
    lab.shell('host-a', `cat >/tmp/legacy.xml <<'XML'\n${xml}\nXML\nvirsh define /tmp/legacy.xml`);
  const virsh = (host: string, ...words: string[]) => lab.on(host, 'virsh', '-q', ...words);
  /** While the file says that the VM shall go to host-b. */
  const wanted = async (...command: string[]) => {
    const change = (from: string, to: string) =>
      lab.edit((text) => text.replace(new RegExp(`host: ${from}( +#)`), `host: ${to}$1`));
    await change('host-a', 'host-b');
    try {
      return await lab.run(...command, lab.file);
    } finally {
      await change('host-b', 'host-a');
    }
  };
  const untouched = async (message: string) => {
    t.notMatch(await virsh('host-b', 'list', '--all', '--name'), /legacy/, message);
    t.notMatch(await lab.on('host-b', 'ip', '-o', 'link'), /tap-web-/, message);
  };
  for (const host of ['host-a', 'host-b'])
    await lab.shell(host, 'mkdir -p /var/lib/vxmig-test; head -c 131072 /dev/zero >/var/lib/vxmig-test/VARS.fd');

  await t.test('what cannot move is named, all of it, before anything is started', async (t) => {
    await define(definition(STUCK, HUGE));
    const { checks } = (await lab.run('doctor', lab.file)).document;
    const { ok, seen, hint } = checks.find(({ name }: Document) => name === 'moves of web');
    t.equal(ok, false);
    const host = /not to host-b: .*/.exec(seen)?.[0] ?? '';
    for (const reason of [
      /a device of the host \(pci 0x0000 0x3b 0x02 0x0\)/,
      /a directory of the host \(virtiofs: \/srv\)/,
      /the TPM of host-a itself \(\/dev\/tpm0\)/,
      /the NIC 52:54:00:00:00:0a of web, which the topology does not name, is a macvtap on eth7 of host-a/,
      /in huge pages: it needs 64 of 2 MiB, and host-b has \d+ of them free/,
      /\(VNC\) listens at 192\.0\.2\.99, an address that host-b does not have/,
    ])
      t.match(host, reason);
    t.match(hint, /virsh detach-interface legacy direct --mac 52:54:00:00:00:0a --persistent/);
    await virsh('host-a', 'undefine', 'legacy', '--nvram');
  });

  await t.test('a NIC that the topology does not name needs at the other host what it is connected to', async (t) => {
    await lab.shell('host-a', `ip link add br-lan type bridge && ip link set br-lan up`);
    await lab.shell(
      'host-a',
      `echo "${OFFICE}" >/tmp/office.xml && virsh net-define /tmp/office.xml && virsh net-start office`,
    );
    await define(definition(OTHERS));
    const [change] = (await lab.succeed('plan', lab.file)).changes.filter(({ kind }: Document) => kind === 'vm');
    t.match(change.details, [
      'bridge ovs-office → the tap tap-web-',
      /MTU/,
      'VLAN tag 42 → none',
      /openvswitch → none/,
    ]);
    await lab.shell('host-a', `mkdir -p $(dirname ${VARIABLES}); yes vxmig | head -c 131072 >${VARIABLES}`);
    await virsh('host-a', 'autostart', 'legacy');
    await lab.apply();
    t.match(await lab.on('host-a', 'ip', '-d', 'link', 'show', 'type', 'tun'), /multi_queue numqueues/);

    const message =
      /0a of web, .* bridge br-lan, which is not on host-b; .*0b of web, .* office, which host-b does not/;
    t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-b'), {
      exitCode: 1,
      document: {
        outcome: 'rolled-back',
        error: { code: 'HOST_UNFIT', message },
        stages: [{ stage: 'check' }, { stage: 'negotiate' }],
      },
    });
    t.match((await wanted('plan')).document.changes, [{ action: 'migrate', why: message }]);
    t.match(await wanted('apply'), { exitCode: 1, document: { error: { code: 'HOST_UNFIT', message } } });
    await untouched('nothing was reserved');

    await lab.shell(
      'host-b',
      `ip link add br-lan type bridge && ip link set br-lan up && ip link add lan0 type bridge`,
    );
    await lab.shell('host-b', `echo "${OFFICE}" >/tmp/office.xml && virsh net-define /tmp/office.xml`);
    t.match((await lab.run('migrate', lab.file, 'web', '--to', 'host-b')).document.error, {
      message: /to be called lan0 .*, and host-b has such a device already; .*network office, which is off on host-b/,
      hint: /virsh net-start office/,
    });
    await lab.shell('host-b', 'ip link delete lan0 && virsh net-start office');
  });

  await t.test(
    'it moves with its NICs, its firmware’s variables and its autostart, and leaves none of these',
    async (t) => {
      const warned = await lab.run('migrate', lab.file, 'web', '--to', 'host-b');
      isMigrated(t, warned.document, { vm: 'web', from: 'host-a', to: 'host-b' });
      t.match(warned.stderr, /0a of web, .* stays at the bridge br-lan: nobody has looked/);
      t.match(warned.stderr, /0c of web, .* its connections end with the move/);
      t.match(await lab.on('host-b', 'ip', '-o', 'link', 'show', 'lan0'), /master br-lan/);
      t.match(await lab.on('host-b', 'ip', '-d', 'link', 'show', 'type', 'tun'), /multi_queue numqueues/);
      t.match(await lab.shell('host-b', `yes vxmig | head -c 131072 | cmp - ${VARIABLES} && echo same`), /same/);
      t.match(await virsh('host-b', 'dominfo', 'legacy'), /^Autostart: +enable$/m);
      t.equal(await lab.shell('host-a', 'ls /etc/libvirt/qemu/autostart'), '');
      t.match(await virsh('host-b', 'dumpxml', '--inactive', 'legacy'), /<nvram.*legacy_VARS/);
    },
  );

  await t.test('one that has lost its stored definition is not moved, and not touched', async (t) => {
    await virsh('host-b', 'undefine', '--keep-nvram', 'legacy');
    const refused = { exitCode: 1, document: { error: { code: 'HOST_UNFIT', message: /is transient/ } } };
    t.match(await lab.run('migrate', lab.file, 'web', '--to', 'host-a'), refused);
    t.match(await lab.run('apply', lab.file), refused);
    t.match(await lab.run('plan', lab.file), refused);
    t.match(await virsh('host-b', 'domstate', 'legacy'), /^running/);
  });
});
