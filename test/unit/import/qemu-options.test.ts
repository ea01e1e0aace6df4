import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { imported } from './fixture.js';

function qemu(options: string, program = 'qemu-system-x86_64') {
  const conversion = imported(`${program} -nodefaults ${options}`, {}, 'vm.sh');
  const definition = DomainDefinition.parse(conversion.domain);
  const lost = conversion.notCarried.map(({ what }) => what).filter((what) => what !== '-nodefaults');
  return { ...conversion, definition, lost };
}

t.test('memory and CPUs in all forms', async (t) => {
  const cases: readonly (readonly [options: string, vm: string, holds?: RegExp])[] = [
    ['-m 512', '512MiB 1'],
    ['-m 2G', '2GiB 1'],
    ['-m 1536M -smp 2', '1536MiB 2'],
    ['-m 1048576K', '1GiB 1'],
    ['-m 0.5G', '512MiB 1'],
    ['-m size=1G', '1GiB 1'],
    ['-m 1 -smp cpus=2,maxcpus=4', '1MiB 4', /<vcpu current='2'>4</],
    ['-m 1 -smp 8,sockets=2', '1MiB 8', /sockets='2' cores='4' threads='1'/],
    ['-m 1 -smp cores=4,threads=2', '1MiB 8', /sockets='1' cores='4' threads='2'/],
    ['-m 1 -smp 16,sockets=2,dies=2,cores=2,threads=2', '1MiB 16', /sockets='2' dies='2' cores='2' threads='2'/],
    ['-m 1 -smp 100', '1MiB null', /<vcpu>100</],
    ['-m 1025K', '2MiB 1'],
  ];
  for (const [options, vm, holds] of cases) {
    const found = qemu(options);
    t.equal(`${found.vm.memory} ${found.vm.vcpus}`, vm, options);
    t.strictSame(found.lost, [], options);
    if (holds !== undefined) t.match(found.domain, holds, options);
  }
  t.match(qemu('-m 1 -smp 3,sockets=2,cores=1,threads=1').lost, [/^-smp 3/]);
});

t.test('accelerators and machines', async (t) => {
  const type = (options: string, program?: string) => qemu(`-m 1 ${options}`, program).definition.type;
  t.equal(type(''), 'qemu');
  t.equal(type('-enable-kvm'), 'kvm');
  t.equal(type('-accel kvm'), 'kvm');
  t.equal(type('-machine q35,accel=kvm:tcg'), 'kvm');
  t.equal(type('-M accel=tcg', 'qemu-kvm'), 'qemu');
  t.equal(type('', '/usr/bin/kvm'), 'kvm');
  const machine = (options: string, program?: string) =>
    /<type [^>]*>/.exec(qemu(`-m 1 ${options}`, program).domain)?.[0];
  t.equal(machine(''), "<type arch='x86_64' machine='pc'>");
  t.equal(machine('-M type=q35', 'qemu-system-i386'), "<type arch='i686' machine='q35'>");
  t.equal(machine('', 'qemu-system-s390x'), "<type arch='s390x'>");
  t.match(qemu('-m 1', '/opt/qemu/bin/qemu-system-x86_64').lost, ['/opt/qemu/bin/qemu-system-x86_64']);
});

t.test('each way to have a NIC', async (t) => {
  const MAC = '52:54:00:01:02:03';
  const cases: readonly (readonly [options: string, nic: string, network: string])[] = [
    [`-netdev bridge,id=n,br=br7 -device e1000,netdev=n,mac=${MAC}`, 'bridge e1000 br7', 'br7'],
    [`-netdev tap,id=n,br=br7,helper=/x -device virtio-net-pci,netdev=n,mac=${MAC}`, 'bridge virtio br7', 'br7'],
    [`-netdev tap,id=n,ifname=tap0 -device rtl8139,netdev=n,mac=${MAC}`, 'ethernet rtl8139 tap0', 'network'],
    [`-netdev tap,id=n,fd=3 -device virtio-net-pci,netdev=n,mac=${MAC}`, 'ethernet virtio none', 'network'],
    [`-netdev vhost-user,id=n,chardev=c -device virtio-net-pci,netdev=n,mac=${MAC}`, 'ethernet virtio none', 'network'],
    [`-nic bridge,br=br0,mac=${MAC}`, 'bridge e1000 br0', 'br0'],
    [`-nic user,model=virtio-net-pci,mac=${MAC}`, 'user virtio none', 'network'],
    [`-net nic,model=virtio,macaddr=${MAC} -net bridge,br=br0`, 'bridge virtio br0', 'br0'],
    [`-netdev tap,id=n -net nic,netdev=n,macaddr=${MAC}`, 'ethernet e1000 none', 'network'],
    [`-device virtio-net-pci,mac=${MAC}`, 'ethernet virtio none', 'network'],
  ];
  for (const [options, expected, network] of cases) {
    const { definition, vm } = qemu(`-m 1 ${options}`);
    const [nic, ...others] = definition.interfaces;
    t.strictSame(others, [], options);
    t.equal(`${nic?.type} ${nic?.model} ${nic?.source ?? nic?.device ?? 'none'}`, expected, options);
    t.strictSame(vm.nics, [{ network, mac: MAC }], options);
  }
});

t.test('a MAC that is missing, not one, or there twice, is made, and said', async (t) => {
  for (const options of ['-nic user', '-nic user,mac=01:00:5e:00:00:01', '-nic user,mac=nonsense']) {
    const { vm, changed } = qemu(`-m 1 -name x ${options}`);
    t.match(vm.nics, [{ mac: /^52:54:00(:[0-9a-f]{2}){3}$/ }]);
    t.ok(changed.some(({ why }) => why.includes(vm.nics[0]?.mac ?? 'none')));
  }
  const twice = qemu('-m 1 -nic user,mac=52:54:00:01:02:03 -nic user,mac=52:54:00:01:02:03').vm.nics;
  t.not(twice[0]?.mac, twice[1]?.mac);
  const many = qemu(`-m 1 ${'-nic user '.repeat(9)}`);
  t.equal(many.vm.nics.length, 8);
  t.equal(many.definition.interfaces.length, 9);
});

t.test('each way to have a disk', async (t) => {
  const cases: readonly (readonly [options: string, disk: string])[] = [
    ['-hda /a.qcow2', 'hda disk file qcow2 /a.qcow2'],
    ['-M q35 -hda /a.img', 'sda disk file raw /a.img'],
    ['-drive file=/a.img,format=raw,if=virtio,cache=none', 'vda disk file raw /a.img'],
    ['-drive file=/dev/sdb,format=raw,index=3', 'hdd disk block raw /dev/sdb'],
    ['-drive file=/a,,b.img,format=raw,if=scsi', 'sda disk file raw /a,b.img'],
    ['-drive id=d,if=none,file=/a.img,format=raw -device usb-storage,drive=d', 'sda disk file raw /a.img'],
    ['-drive id=d,if=none,file=/a.img,format=raw -device nvme,drive=d,serial=1', 'vda disk file raw /a.img'],
    ['-drive id=d,if=none,file=/a.iso,media=cdrom -device scsi-cd,drive=d', 'sda cdrom file raw /a.iso'],
    ['-drive file=rbd:pool/a:id=x,format=raw,if=virtio', 'vda disk network raw pool/a'],
    ['-drive file=nbd:h:10809:exportname=e,format=raw,if=virtio', 'vda disk network raw e'],
    ['-drive file=nbd://h/e,format=raw,if=virtio', 'vda disk network raw e'],
    ['-drive file=iscsi://h:3260/iqn.x/1,format=raw,if=virtio', 'vda disk network raw iqn.x/1'],
    [
      '-blockdev driver=file,filename=/a.qcow2,node-name=f -blockdev driver=qcow2,file=f,node-name=q ' +
        '-device virtio-blk-pci,drive=q',
      'vda disk file qcow2 /a.qcow2',
    ],
    [
      '-blockdev \'{"driver":"rbd","pool":"p","image":"i","node-name":"r"}\' -device scsi-hd,drive=r',
      'sda disk network raw p/i',
    ],
    ['-fda /f.img', 'fda floppy file raw /f.img'],
  ];
  for (const [options, expected] of cases) {
    const [disk, ...others] = qemu(`-m 1 ${options}`).definition.disks;
    t.strictSame(others, [], options);
    const format = /type="(\w+)"/.exec(String(disk?.element.getElementsByTagName('driver')[0]))?.[1];
    t.equal(`${disk?.target} ${disk?.device} ${disk?.type} ${format} ${disk?.source}`, expected, options);
  }
  for (const options of [
    '-hda disk.img',
    '-drive file=fat:rw:/x',
    '-drive file=json:{},if=virtio',
    '-drive file=rbd:p/i:key=abc',
    '-device virtio-blk-pci,drive=none',
    '-drive if=none,id=unused,file=/a',
  ]) {
    const { definition, lost } = qemu(`-m 1 ${options}`);
    t.strictSame(definition.disks, [], options);
    t.equal(lost.length, 1, options);
    t.notMatch(lost.join(), /abc/, 'no key is shown');
  }
});

t.test('a display is open to nobody who could not see it before, and bound to no host', async (t) => {
  const listens = (options: string) => /listen='([^']*)'/.exec(qemu(`-m 1 ${options}`).domain)?.[1] ?? 'nowhere';
  const cases: readonly (readonly [options: string, listen: string])[] = [
    ['-vnc :1', '0.0.0.0'],
    ['-vnc 0.0.0.0:1', '0.0.0.0'],
    ['-vnc [::]:1', '::'],
    ['-vnc 127.0.0.2:1', '127.0.0.2'],
    ['-vnc [::1]:1,password=on', '::1'],
    ['-vnc localhost:1', 'localhost'],
    ['-vnc 192.0.2.7:1', '127.0.0.1'],
    ['-vnc :1,password=on', '127.0.0.1'],
    ['-vnc :1,password', '127.0.0.1'],
    ['-vnc :1,password=off', '0.0.0.0'],
    ['-vnc :1,password-secret=s', '127.0.0.1'],
    ['-vnc :1,tls-creds=t', '127.0.0.1'],
    ['-vnc :1,sasl=on', '127.0.0.1'],
    ['-spice port=1,disable-ticketing=on', '0.0.0.0'],
    ['-spice port=1,addr=0.0.0.0', '127.0.0.1'],
    ['-spice port=1,password=hunter2,disable-ticketing=on', '127.0.0.1'],
  ];
  for (const [options, listen] of cases) t.equal(listens(options), listen, options);
  t.match(qemu('-m 1 -vnc :1,password=on').changed, [{ why: /it listens on 127\.0\.0\.1/, hint: /passwd=/ }]);
});

t.test('threads of disks', async (t) => {
  const drive = (id: string) => `-drive if=none,id=${id},format=raw,file=/${id}`;
  const { domain, lost } = qemu(
    `-m 1 -object iothread,id=t1 -object iothread,id=t2 -object iothread,id=idle ${drive('a')} ${drive('b')} ` +
      '-device virtio-blk-pci,drive=a,iothread=t2 -device virtio-scsi-pci,id=s,iothread=t1,num_queues=2 ' +
      '-device scsi-hd,drive=b,bus=s.0 -device virtio-blk-pci,drive=none,iothread=missing',
  );
  t.match(domain, '<iothreads>2</iothreads>');
  t.match(domain, /<driver name='qemu' type='raw' iothread='2'\/>\s*<source file='\/a'/);
  t.match(domain, "<driver queues='2' iothread='1'/>");
  t.match(lost.sort(), ['-device virtio-blk-pci,drive=none,iothread=missing', '-object iothread,id=idle']);
});

t.test('no login is shown', async (t) => {
  for (const url of [
    'iscsi://me%hunter2@192.0.2.1/iqn.x/1',
    'https://me:hunter2@example.org/a.img',
    'rbd:p/i:id=x:key=hunter2',
  ]) {
    const { domain, changed, notCarried } = qemu(`-m 1 -drive if=virtio,format=raw,file=${url}`);
    t.notMatch(JSON.stringify({ domain, changed, notCarried }), /hunter2/, url);
    t.ok(notCarried.length > 0, url);
  }
});

t.test('nothing is passed over: what is not known is named as it was written', async (t) => {
  const strange =
    '-m 1 -nic none -frobnicate yes -device flux-capacitor,power=1.21GW -object widget,id=w -cpu host,fluffy=7';
  t.strictSame(qemu(strange).lost.sort(), [
    '-cpu … fluffy=7',
    '-device flux-capacitor,power=1.21GW',
    '-frobnicate yes',
    '-object widget,id=w',
  ]);
  const settings = qemu(
    '-m 1 -drive file=/a.img,format=raw,if=virtio,colour=red -device virtio-balloon-pci,shape=round',
  ).lost;
  t.strictSame(settings, ['-drive … colour=red', '-device … shape=round']);
});

t.test('/proc/PID/cmdline, whose arguments end in NUL', async (t) => {
  const argv = [
    '/usr/bin/qemu-system-x86_64',
    '-name',
    'a $(b) "c"',
    '-m',
    '64',
    '-append',
    'x=1 y',
    '-nodefaults',
    '',
  ];
  const { vm, notCarried } = imported(argv.join('\0'), {}, 'cmdline');
  t.equal(vm.domain, 'a $(b) "c"');
  t.equal(vm.name, 'a-b-c');
  t.match(notCarried, [{ what: '-append x=1 y', place: { line: 1, column: 52 } }, { what: '-nodefaults' }]);
});
