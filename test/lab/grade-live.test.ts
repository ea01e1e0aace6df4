import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { type Document, onLab, type TestLab } from './harness.js';

/**
 * What a student may type on a host, in names of his own: the underlay in the userspace switch, and a bridge that
 * learns.
 */
const BY_HAND = `set -e
address=$1 prefix=$2
ovs-vsctl -- add-br phy -- set Bridge phy datapath_type=netdev \
  "other_config:hwaddr=\\"$(cat /sys/class/net/eth0/address)\\"" -- add-port phy eth0
ip link set phy up
ethtool -K phy tx off >/dev/null
ip address delete "$address/24" dev eth0
ip address add "$address/24" dev phy
ovs-appctl -t ovs-vswitchd version
ovs-appctl -t ovs-vswitchd ovs/route/add "$prefix" phy
ovs-vsctl -- add-br lan -- set Bridge lan datapath_type=netdev -- set Interface lan mtu_request=1450
ip link set lan up
ethtool -K lan tx off >/dev/null`;

const DOMAIN = `<domain type='qemu'>
  <name>my-server</name>
  <memory unit='MiB'>128</memory>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>/var/lib/vxmig/images/micro/vmlinuz</kernel>
    <initrd>/var/lib/vxmig/images/micro/initrd.img</initrd>
    <cmdline>CMDLINE</cmdline>
  </os>
  <devices>
    <interface type='bridge'>
      <mac address='52:54:00:09:00:01'/>
      <source bridge='lan'/>
      <virtualport type='openvswitch'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'/>
  </devices>
</domain>
`;

/** An echo request for web in VXLAN, made by hand, twice a second. */
const FORGED = `use IO::Socket::INET; my $s=IO::Socket::INET->new(PeerAddr=>"198.18.1.10",PeerPort=>4789,Proto=>"udp");
my $p=pack("H*","0800000000138900"."525400090001020000000001080045000".
  "01c0001000040016"."6ce0a09004d0a090001"."0800f7fd00010001");
for(1..200){$s->send($p); select(undef,undef,undef,0.5);}`;

const RUBRIC = `version: 1
name: by-hand
checks:
  file: {topology: {networks: {blue: {vni: 5001}}}}
  bridges: {bridge: {network: blue, on: [host-a, host-c]}}
  port: {port: {vm: web}}
  there: {tunnel: {network: blue, from: host-a, to: host-c}}
  back: {tunnel: {network: blue, from: host-c, to: host-a}}
  reach: {needs: bridges, retry: 20s, reach: {from: host-c, to: web}}
  full: {needs: bridges, mtu: {from: host-c, to: web}}
  table: {needs: reach, fdb: {network: blue, vm: web, on: host-c}}
  wire:
    needs: bridges
    packet: {on: host-a, within: 4s, filter: 'vxlan.vni == 5001 && icmp.type == 8', while: {from: host-c, to: web}}
  other:
    needs: bridges
    not: true
    packet: {on: host-a, filter: 'vxlan && vxlan.vni != 5001', within: 2s, while: {from: host-c, to: web}}
  shown: {command: {on: host-c, run: [ovs-vsctl, list-ports, lan], matches: '^to-a$'}}
  foreign: {migrate: {vm: web, to: host-c}}
`;

const HOSTILE_RUBRIC = `version: 1
name: hostile
checks:
  before: {tunnel: {network: blue, from: host-a, to: host-c}}
  wire:
    packet: {on: host-a, within: 4s, filter: 'vxlan.vni == 5001 && icmp.type == 8', while: {from: host-c, to: web}}
  after: {tunnel: {network: blue, from: host-c, to: host-a}}
`;

await onLab(
  'one-subnet',
  async (t, lab) => {
    const rubric = join(dirname(lab.file), 'rubric.yaml');
    await writeFile(rubric, RUBRIC);
    const graded = async () => await lab.run('grade', lab.file, '--rubric', rubric, '--live');

    await t.test('nothing has been configured yet: nothing is there, and nothing is in error', async (t) => {
      const { document, exitCode } = await graded();
      t.equal(exitCode, 0);
      t.match(statusesOf(document), {
        file: 'passed',
        bridges: 'failed',
        port: 'failed',
        there: 'failed',
        reach: 'skipped',
        foreign: 'failed',
      });
    });

    await configured(lab);

    await t.test('what was configured by hand is recognised whatever it is called', async (t) => {
      const { document, exitCode, stderr } = await graded();
      const failed = Object.entries(statusesOf(document)).filter(([, status]) => status !== 'passed');
      t.strictSame(failed, [['foreign', 'error']], JSON.stringify(document?.checks, null, 1) + stderr);
      t.match(checkOf(document, 'foreign').output, /could not be carried out/);
      t.equal(exitCode, 1, 'a check in error is told');
      t.match(document, { ok: false, score: 11, ungradedScore: 1 });
    });

    await t.test('a wrong VNI at one end', async (t) => {
      await lab.shell('host-c', 'ovs-vsctl set Interface to-a options:key=5010');
      await isFailing(t, await graded(), ['back', 'reach', 'full', 'wire', 'other']);
      await lab.shell('host-c', 'ovs-vsctl set Interface to-a options:key=5001');
    });

    await t.test('what only looks like a VM and its frames is neither', async (t) => {
      await lab.shell('host-a', 'virsh -q destroy my-server; ip address add 10.9.0.1/24 dev lan');
      await lab.shell('host-a', 'ip address add fd00:9::1/64 dev lan nodad');
      await lab.shell('host-c', `setsid timeout 100 perl -e '${FORGED}' >/dev/null 2>&1 </dev/null &`);
      const { document, stderr } = await graded();
      const failed = Object.entries(statusesOf(document)).flatMap(([name, status]) =>
        status === 'failed' || status === 'skipped' ? [name] : [],
      );
      const seen = JSON.stringify(document.checks, null, 1) + stderr;
      t.strictSame(failed, ['port', 'reach', 'full', 'table'], seen);
      t.match(
        checkOf(document, 'reach').output,
        /answered, but not by the VM: no QEMU in the lab has a NIC with its MAC/,
      );
      await lab.shell('host-a', 'ip address del 10.9.0.1/24 dev lan; ip address del fd00:9::1/64 dev lan');
      // Who is still known would still be sent to.
      await lab.shell('host-c', 'ip neigh flush dev lan');
      t.match(
        (await graded()).document.checks.find(({ name }: Document) => name === 'wire'),
        {
          status: 'failed',
          output: /: 0 \(expected: at least 1\)/,
        },
      );
      await lab.shell('host-a', 'virsh -q start my-server');
    });
    // A ping that never ends its output, and one that ends whoever has called it: of the connection over which it was
    // called.
    for (const ping of ['exec yes', 'kill -9 $PPID']) {
      await t.test(`a ping of the student’s own on the host: ${ping}`, async (t) => {
        await writeFile(rubric, HOSTILE_RUBRIC);
        await lab.shell('host-c', `printf '#!/bin/sh\n%s\n' '${ping}' >/root/ping; chmod 755 /root/ping`);
        await lab.shell('host-c', 'mount --bind /root/ping "$(realpath "$(command -v ping)")"');
        const { document, exitCode, stderr } = await graded();
        await lab.shell('host-c', 'umount "$(realpath "$(command -v ping)")"');
        t.equal(exitCode, 0, stderr);
        // A connection that is broken stays so.
        const after = ping === 'exec yes' ? 'passed' : 'failed';
        t.match(statusesOf(document), { before: 'passed', wire: 'failed', after });
        t.match(document, { ok: true, ungradedScore: 0 });
      });
    }

    await t.test('what the fact is about was never touched', async (t) => {
      t.match(await lab.shell('host-a', 'virsh -q list --all --name'), /^my-server\s*$/);
      t.match(await lab.shell('host-a', 'ovs-vsctl list-br'), /^lan\nphy\s*$/);
    });
  },
  // Two hosts: three bridges that learn, joined in a circle, would be a storm.
  (text) => text.replace(/^ {2}host-b:.*\n/m, ''),
);

async function configured(lab: TestLab): Promise<void> {
  // Before the tunnels are there, which would be in a plan's way.
  const cmdline = await guestArguments(lab);
  const on = async (host: string, script: string, ...args: string[]) =>
    await lab.shell(host, `set -- ${args.join(' ')}\n${script}`);
  await on('host-a', BY_HAND, '198.18.1.10', '198.18.1.0/24');
  await on('host-c', BY_HAND, '198.18.1.12', '198.18.1.0/24');
  const tunnel = (name: string, remote: string) =>
    `ovs-vsctl -- add-port lan ${name} -- set Interface ${name} type=vxlan options:remote_ip=${remote} ` +
    'options:key=5001';
  await lab.shell('host-a', tunnel('to-c', '198.18.1.12'));
  await lab.shell(
    'host-c',
    `${tunnel('to-a', '198.18.1.10')}; ip address add 10.9.0.200/24 dev lan; ip address add fd00:9::200/64 dev lan`,
  );
  await lab.shell(
    'host-a',
    `cat >/tmp/web.xml <<'END'\n${DOMAIN.replace('CMDLINE', cmdline)}END\n` +
      'virsh -q define /tmp/web.xml; virsh -q start my-server',
  );
}

/** What tells the guest its addresses; `plan --as-shell` shows it. */
async function guestArguments(lab: TestLab): Promise<string> {
  const { stdout } = await lab.start('plan', lab.file, '--as-shell', '--host', 'host-a');
  const found = /<cmdline>(.*?)<\/cmdline>/.exec(stdout)?.[1];
  if (found === undefined) throw new Error(`no domain in the plan: ${stdout.slice(0, 2000)}`);
  return found;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read deep into documents, and fail where something is not there
function statusesOf(document: any): Record<string, string> {
  return Object.fromEntries(
    document.checks.map(({ name, status }: { name: string; status: string }) => [name, status]),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function checkOf(document: any, name: string) {
  return document.checks.find((check: { name: string }) => check.name === name);
}

async function isFailing(
  t: Test,
  { document, stderr }: Awaited<ReturnType<TestLab['run']>>,
  expected: readonly string[],
): Promise<void> {
  const failed = Object.entries(statusesOf(document)).flatMap(([name, status]) => (status === 'failed' ? [name] : []));
  t.strictSame(failed, expected, JSON.stringify(document.checks, null, 1) + stderr);
}
