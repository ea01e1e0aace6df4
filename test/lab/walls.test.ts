import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { observeGroups } from '../../lib/lab/control-groups.js';
import { labDown } from '../../lib/lab/down.js';
import { findMachine } from '../../lib/lab/machine.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { enterMachine, machineEnvironment } from '../../lib/lab/run-inside.js';
import { labStatus } from '../../lib/lab/status.js';
import { labUp } from '../../lib/lab/up.js';
import type { LabWarning } from '../../lib/model/lab-event.js';
import { twoSubnets } from './lab-topology.js';

/*
 * What people who are root in a host of a lab see of the machine that it runs on, in both ways by which they come in: a
 * session of the host's sshd, and `lab exec`, whose processes descend from a process outside.
 */
const A = 'host-a';
const lab = `t${process.pid}-walls`;
const quiet = (): void => undefined;
const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const SECRET = 'the rubric of this test';
/** name_to_handle_at(2) and open_by_handle_at(2), as the kernel numbers them. */
const HANDLE_CALLS: Readonly<Record<string, readonly [number, number]>> = { x64: [303, 304], arm64: [264, 265] };
/** Bits of capabilities(7) by which root gets past its root directory or at the machine as a whole. */
const FORBIDDEN = {
  dac_read_search: 2,
  sys_module: 16,
  sys_rawio: 17,
  sys_boot: 22,
  sys_time: 25,
  mknod: 27,
  mac_override: 32,
  mac_admin: 33,
  syslog: 34,
  wake_alarm: 35,
};

t.setTimeout(300_000);

const why = await whyNoLab(twoSubnets(lab));
if (why !== null) t.plan(0, why);
else await t.test('a host of a lab', tests);

async function tests(t: Test): Promise<void> {
  const directories: string[] = [];
  t.teardown(async () => {
    await labDown(lab, quiet).catch(quiet);
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });
  const parents = [tmpdir(), homedir(), checkout, '/var/lib', '/srv'].filter((parent) => existsSync(parent));
  const secrets = parents.map((parent) => {
    const directory = mkdtempSync(join(parent, 'vxmig-walls-'));
    directories.push(directory);
    writeFileSync(join(directory, 'rubric.yaml'), SECRET);
    return join(directory, 'rubric.yaml');
  });
  const warnings: LabWarning[] = [];
  await labUp(twoSubnets(lab), (event) => event.kind === 'lab-warning' && warnings.push(event.warning));
  // `lab up` has said that these do not hold here.
  const skip = warnings.find(({ code }) => code === 'overlay-unavailable')?.message ?? false;
  const unbounded = warnings.find(({ code }) => code === 'processes-unbounded')?.message ?? false;
  const state = `/run/vxmig/labs/${lab}`;
  secrets.push(
    `${state}/ssh/id_ed25519`,
    `${state}/state.json`,
    `${state}/hosts/host-with-a-long-name-b/files/root/.ssh/id_ed25519`,
  );
  for (const path of secrets) t.ok(readFileSync(path, 'utf8'), `${path} is there outside`);

  const inside = await findMachine(lab, A);
  const ways: Readonly<Record<string, readonly string[]>> = {
    exec: enterMachine(inside, ['sh', '-s']),
    ssh: ['ssh', '-F', `${state}/ssh/config`, '-o', 'BatchMode=yes', A, 'sh -s'],
  };
  for (const [way, [program = '', ...argv]] of Object.entries(ways)) {
    const shell = async (script: string): Promise<string> => {
      const env = way === 'ssh' ? {} : machineEnvironment(inside);
      return (await execa(program, argv, { input: `exec 2>&1\n${script}`, reject: false, timeout: 60_000, env }))
        .stdout;
    };

    await t.test(`${way}: no file of the machine can be read by any path`, async (t) => {
      for (const path of secrets) {
        const reached =
          `for root in '' /old /proc/[0-9]*/root /proc/[0-9]*/cwd /proc/[0-9]*/fd/*; do cat "$root${path}" ` +
          '2>/dev/null; done';
        t.equal(await shell(`${reached}; :`), '', path);
      }
      t.equal(await shell("find / -path /proc -prune -o -path /usr -prune -o -name 'vxmig-walls-*' -print"), '');
    });

    await t.test(`${way}: of the machine's own file systems none is mounted`, { skip }, async (t) => {
      const foreign = (await shell('cat /proc/self/mountinfo')).split('\n').flatMap((line) => {
        const [, , , root = '', place = ''] = line.split(' ');
        const [, type = ''] = / - (\S+)/.exec(line) ?? [];
        return ['tmpfs', 'overlay', 'proc', 'sysfs', 'devpts'].includes(type) && !root.includes('vxmig')
          ? []
          : [`${root} ${place}`];
      });
      t.strictSame(foreign, []);
    });

    await t.test(`${way}: logs without end fill nothing of the machine’s, and files have a limit`, async (t) => {
      const { limits } = await labStatus(lab);
      const sizes = await shell(
        'df --block-size=1 --output=size / /var/log | tail -n 2; df --output=itotal / | tail -n 1',
      );
      t.strictSame(sizes.match(/\d+/g)?.map(Number), [limits.filesBytes, limits.logBytes, limits.files]);
      const left = statfsSync(state).bavail;
      const blocks = limits.logBytes / 2 ** 20 + 1;
      const said = await shell(`dd if=/dev/zero of=/var/log/full bs=1M count=${blocks}; cat /var/log/full | wc -c`);
      const { bavail, bsize } = statfsSync(state);
      await shell('rm /var/log/full');
      t.match(said, 'No space left on device');
      const gone = (left - bavail) * bsize;
      t.ok(gone < limits.logBytes / 2, `${gone} bytes of the disk that holds the lab's directory are gone`);
    });

    await t.test(`${way}: of processes there is a bounded number`, { skip: unbounded }, async (t) => {
      const [group = ''] = (await observeGroups(lab)).filter((directory) => directory.endsWith(`.${A}`));
      const max = join(group, 'pids.max');
      t.equal(Number(readFileSync(max, 'utf8')), (await labStatus(lab)).limits.processes);
      // A lower one is reached sooner.
      const few = Number(readFileSync(join(group, 'pids.current'), 'utf8')) + 20;
      writeFileSync(max, `${few}\n`);
      const said = await shell('for i in $(seq 50); do sleep 3 & done; wait');
      writeFileSync(max, '2048\n');
      t.match(said, /[Cc]annot fork|Resource temporarily unavailable/);
    });

    await t.test(`${way}: of /etc it has what everybody may read outside, and no password`, async (t) => {
      const kept = await shell('find /etc -path /etc/openvswitch -prune -o ! -type l ! -perm -o=r -print');
      t.same(kept.split('\n').sort(), ['/etc/shadow', '/etc/ssh/ssh_host_ed25519_key']);
      t.same([...new Set((await shell('cut -d : -f 2 /etc/shadow')).split('\n'))], ['*']);
    });

    await t.test(`${way}: root lacks what leads past its root directory, and so does every daemon`, async (t) => {
      const own = (await shell('grep -E "Cap(Prm|Eff)" /proc/self/status')).split('\n');
      t.equal(own.length, 2);
      const everybodys = (await shell('grep -h CapBnd /proc/[0-9]*/status 2>/dev/null | sort -u')).split('\n');
      const masks = [...own, ...everybodys];
      for (const mask of masks) {
        const bits = BigInt(`0x${mask.split(/\s+/)[1]}`);
        const had = Object.entries(FORBIDDEN).filter(([, bit]) => (bits >> BigInt(bit)) & 1n);
        t.same(had, [], mask);
      }
    });

    await t.test(`${way}: a disk of the machine can't be had by its number`, async (t) => {
      const { dev } = statSync('/');
      const [major, minor] = [(dev >> 8) & 0xfff, dev & 0xff];
      t.match(await shell(`mknod /tmp/disk b ${major} ${minor}; rm -f /tmp/disk`), 'Operation not permitted');
    });

    const calls = HANDLE_CALLS[process.arch];
    await t.test(
      `${way}: a file can't be opened by its handle`,
      { skip: calls === undefined && process.arch },
      async (t) => {
        // struct file_handle: room for 128 bytes, then what the kernel writes; AT_FDCWD is -100, O_RDONLY 0.
        const script = `perl -e '
my $path = "/var/log/init.log"; my $handle = pack("Ii", 128, 0) . "\\0" x 128; my $mount = pack("i", 0);
syscall(${calls?.[0]}, -100, $path, $handle, $mount, 0) == 0 or print("no handle: $!"), exit;
open(my $file, "<", $path);
print syscall(${calls?.[1]}, fileno($file), $handle, 0) < 0 ? "refused: $!" : "opened";'`;
        const answer = await shell(script);
        // A file system that has no handles (an overlay, in a container) can't be asked for files by them either.
        t.match(answer, /^(refused: Operation not permitted|no handle: Operation not supported)$/);
      },
    );

    await t.test(
      `${way}: the machine's programs can't be changed, not even where they are mounted anew as writable`,
      { skip },
      async (t) => {
        const attempts = await shell(
          'for how in rw bind,rw; do mount -o remount,$how /usr; mount -o remount,$how /; for file in ' +
            '/usr/vxmig-walls /usr/bin/vxmig-walls; do touch $file && rm $file && echo written; done; done',
        );
        t.match(attempts, 'Read-only file system');
        t.notMatch(attempts, 'written');
      },
    );

    await t.test(
      `${way}: settings and switches of the whole machine are read-only, those of its network are not`,
      async (t) => {
        const writable = await shell(
          'find /proc/sys /proc/sysrq-trigger /proc/bus /proc/irq /sys -path /proc/sys/net -prune -o -path ' +
            '/sys/devices/virtual/net -prune -o -type f -writable -print 2>/dev/null',
        );
        t.equal(writable, '');
        const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
        t.match(await shell(`echo '${pattern}' >/proc/sys/kernel/core_pattern`), 'Read-only file system');
        t.equal(
          await shell('[ -w /proc/sys/net/ipv4/ip_forward ] && [ -w /sys/class/net/lo/tx_queue_len ] && echo both'),
          'both',
        );
        t.equal(await shell('cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null; :'), '');
      },
    );
  }
}
