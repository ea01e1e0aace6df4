import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { guardMigrate } from '../../../lib/compute/libvirt/migrate-guard.js';
import { LocalShell } from '../host/local-shell.js';

/** libvirt as files: its limits, a job that ends with the status in `end`, and what was asked of it, a line each. */
async function hostOf(t: Test) {
  const directory = t.testdir({ log: '' });
  const log = `${directory}/log`;
  const local = await LocalShell.with(directory, {
    virsh: `echo "$*" >>${log}
case $* in
  *migrate-getspeed*) printf '8796093022207\\n\\n300\\n\\n' ;;
  *domjobabort*) echo 1 >${directory}/end ;;
esac`,
    migrate: `echo "$PPID" >${directory}/guard
echo "job $*" >>${log}
until [ -e ${directory}/end ]; do sleep 0.05; done
echo "the job's own words" >&2
exit "$(cat ${directory}/end)"`,
  });
  const command = await guardMigrate(local.shell, 'a web', ['migrate', 'a web', '--live'], null, null);
  const lines = async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  while (!(await lines()).some((line) => line.startsWith('job '))) await sleep(20);
  return {
    command,
    local,
    lines,
    guard: Number(await readFile(`${directory}/guard`, 'utf8')),
    end: async (status: number) => {
      // Who finds the file must find all of it.
      await writeFile(`${directory}/ending`, String(status));
      await rename(`${directory}/ending`, `${directory}/end`);
    },
  };
}

const RESTORED = [
  '-q -c qemu:///system migrate-setspeed --domain a web --bandwidth 8796093022207',
  '-q -c qemu:///system migrate-setmaxdowntime --domain a web --downtime 300',
];

t.test('a migration that succeeds: its limits went with the VM', async (t) => {
  const { command, lines, end } = await hostOf(t);
  const [first] = await lines();
  t.match(first, /migrate-getspeed --domain 'a web'; migrate-getmaxdowntime --domain 'a web'$/, 'read before');
  await end(0);
  t.match(await command.ended, { exitCode: 0 });
  t.match(await lines(), [/getspeed/, 'job a web --live']);
});

t.test('a migration that fails: status and words are its own, and the VM has its limits again', async (t) => {
  const { command, lines, end } = await hostOf(t);
  await end(1);
  t.match(await command.ended, { exitCode: 1, stderr: "the job's own words\n" });
  t.strictSame((await lines()).slice(2), RESTORED);
});

t.test('virsh is killed: libvirtd is told to give the job up', async (t) => {
  const { command, lines, end } = await hostOf(t);
  await end(143);
  await command.ended;
  t.match((await lines()).slice(2), [/domjobabort --domain a web$/, /domjobinfo --domain a web$/, ...RESTORED]);
});

t.test('a controller that dies: the job is given up, and the VM has its limits again', async (t) => {
  const { local, lines } = await hostOf(t);
  local.hangUp();
  while ((await lines()).length < 5) await sleep(20);
  t.match((await lines()).slice(1), ['job a web --live', /domjobabort --domain a web$/, ...RESTORED]);
});

/** Children of a process that have not ended. */
async function childrenOf(pid: number): Promise<string[]> {
  const { stdout } = await execa('ps', ['-o', 'stat=,args=', '--ppid', String(pid)], { reject: false });
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Z'));
}

// A bash may not take notice when a child ends; one that is stopped does not for certain.
t.test('a job that has ended, and nobody has noticed: nothing else is given up in its place', async (t) => {
  const { local, lines, end, guard, command } = await hostOf(t);
  process.kill(guard, 'SIGSTOP');
  t.teardown(() => command.isOver || process.kill(guard, 'SIGCONT'));
  await end(1);
  while ((await childrenOf(guard)).length > 1) await sleep(20);
  local.hangUp();
  while ((await childrenOf(guard)).length > 0) await sleep(20);
  t.notOk((await lines()).some((line) => line.includes('domjobabort')));
  process.kill(guard, 'SIGCONT');
  t.match(await command.ended, { exitCode: 1 });
});

/** A guard whose job ends only when the connection to the other host is cut; QEMU has one to its own storage there. */
async function copyingHost(t: Test) {
  const directory = t.testdir({ log: '', pids: { 'a web.pid': '7' } });
  const log = `${directory}/log`;
  const local = await LocalShell.with(directory, {
    virsh: `case $* in *domjobabort*) echo abort >>${log}; exec sleep 600 ;; esac`,
    ss: `case $* in
  -K*) echo "ss $*" >>${log}; : >${directory}/end ;;
  *)
    printf 'ESTAB 0 0 10.0.0.1:40000 10.0.0.2:10809 users:(("qemu",pid=7,fd=9))\n'
    [ ! -e ${directory}/began ] || printf 'ESTAB 0 32 10.0.0.1:%s users:(("qemu",pid=%s,fd=9))\n' \
      '40001 10.0.0.2:49153' 7 '40002 10.0.0.2:49154' 71 ;;
esac`,
    migrate: `: >${directory}/began
while [ -d ${directory} ] && [ ! -e ${directory}/end ]; do sleep 0.05; done
exit 1`,
  });
  const command = await guardMigrate(local.shell, 'a web', ['migrate', 'a web'], null, '10.0.0.2', {
    beatMs: 100,
    leaseSeconds: 20,
    lookSeconds: 0.005,
    answerSeconds: 0.2,
    wakeSeconds: 60,
    pidDirectory: `${directory}/pids`,
    procDirectory: '/proc',
  });
  while (!existsSync(`${directory}/began`)) await sleep(20);
  return { command, local, lines: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '') };
}

const CUT = 'ss -K -tn dst 10.0.0.2 sport = :40001 dport = :49153';

t.test('disks whose copy hangs are cut off on demand, and nothing else of QEMU is', async (t) => {
  const { command, lines } = await copyingHost(t);
  command.sever();
  t.match(await command.ended, { exitCode: 1 });
  t.strictSame(await lines(), [CUT]);
});

t.test('a controller that dies while QEMU waits for the other end: the same', async (t) => {
  const { local, lines } = await copyingHost(t);
  local.hangUp();
  while (!(await lines()).includes(CUT)) await sleep(20);
  t.strictSame((await lines()).slice(0, 2), ['abort', CUT]);
});
