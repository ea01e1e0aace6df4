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
  const command = await guardMigrate(local.shell, 'a web', ['migrate', 'a web', '--live'], null);
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
