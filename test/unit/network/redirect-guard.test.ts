import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  type GuardedFlows,
  REDIRECT_GUARD_TIMES,
  RedirectGuard,
  type RedirectGuardTimes,
} from '../../../lib/network/ovs/redirect-guard.js';
import { redirectFlows } from '../../../lib/pipeline/redirect.js';
import { LocalShell } from '../host/local-shell.js';

const MAC = '52:54:00:09:00:01';
const AWAY = { ofport: 7, remote: null };

/** A host whose switch, taps and VM are files: what is done to them is a line each. */
async function hostOf(t: Test, { holdMs, ...times }: Partial<RedirectGuardTimes> & { readonly holdMs: number }) {
  const directory = t.testdir({ log: '', state: 'paused' });
  const log = `${directory}/log`;
  const local = await LocalShell.with(directory, {
    'ovs-ofctl': `while read -r line; do echo "$line" >>${log}; done`,
    ip:
      `case $* in *-batch*) echo "dropped $(grep -o 'dev .*' | tr '\\n' ' ')" >>${log} ;; *) echo '7: tap-web: ` +
      "<UP> mtu 1450 qlen 500' ;; esac",
    virsh: `cat ${directory}/state`,
  });
  const host = { arrived: false, told: 0, lifted: 0 };
  const guarded: GuardedFlows = {
    bridge: 'br',
    flows: redirectFlows(MAC, AWAY),
    domain: 'web',
    tap: 'tap-web',
    arrived: () => {
      if (host.arrived) host.told += 1;
      return host.arrived;
    },
    onLifted: () => {
      host.lifted += 1;
    },
  };
  const guard = await RedirectGuard.open(local.shell, guarded, { ...REDIRECT_GUARD_TIMES, ...times });
  const lines = async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  return {
    guard: {
      arm: () => guard.arm(holdMs),
      disarm: () => guard.disarm(),
      drop: () => guard.drop(),
      close: () => guard.close(),
    },
    local,
    host,
    lines,
    /** Waits until the log has so many lines that begin so. */
    seen: async (start: string, count = 1) => {
      while ((await lines()).filter((line) => line.startsWith(start)).length < count) await sleep(20);
    },
    vmIs: (state: string) => writeFile(`${directory}/state`, state),
  };
}

t.test('armed and disarmed: exactly the flows that were put in are taken out, and nothing is dropped', async (t) => {
  const { guard, lines } = await hostOf(t, { holdMs: 60_000 });
  await guard.arm();
  const added = await lines();
  const count = redirectFlows(MAC, AWAY).length;
  t.equal(added.length, count);
  for (const line of added) t.match(line, /^add .*hard_timeout=1\b.*actions=/, 'a dead host lets go as well');
  await guard.disarm();
  const removed = (await lines()).slice(count);
  t.equal(removed.length, count);
  for (const line of removed) {
    t.match(line, /^delete_strict .*cookie=0x[0-9a-f]+\/-1.*dl_dst=52:54:00:09:00:01$/);
    t.notMatch(line, /hard_timeout|actions/);
  }
  await guard.close();
  t.equal((await lines()).length, 2 * count);
});

t.test('a switch that does not take the flows: arming fails', async (t) => {
  const local = await LocalShell.with(t.testdir({}), { 'ovs-ofctl': 'cat >/dev/null; exit 1' });
  const guarded = { bridge: 'br', flows: redirectFlows(MAC, AWAY), domain: 'web', tap: null };
  const guard = await RedirectGuard.open(local.shell, { ...guarded, arrived: () => false, onLifted: () => {} });
  await t.rejects(guard.arm(60_000), { code: 'HOST_UNFIT', message: /did not take the flows/ });
  await guard.close();
});

t.test('as long as it is spoken to the flows are renewed; when the guest has arrived nothing is too old', async (t) => {
  const { guard, host, lines, seen } = await hostOf(t, { holdMs: 500 });
  host.arrived = true;
  await guard.arm();
  await seen('add', 6);
  t.strictSame(
    (await lines()).filter((line) => !line.startsWith('add')),
    [],
  );
  await guard.disarm();
  await guard.close();
  t.equal(host.lifted, 0);
});

t.test(
  'a controller that dies: the flows go, and what waits for a paused guest is dropped when it is old',
  async (t) => {
    const { guard, local, lines, seen, vmIs } = await hostOf(t, { holdMs: 300 });
    await guard.arm();
    local.hangUp();
    await seen('delete_strict', 2);
    await seen('dropped', 2);
    t.match((await lines()).at(-1), /^dropped dev tap-web txqueuelen 0 dev tap-web txqueuelen 500 $/);
    await vmIs('running');
    await guard.close();
    t.pass('when the guest runs the guard ends');
  },
);

t.test('a controller that hangs is as good as dead', async (t) => {
  const { guard, local, lines, seen, vmIs } = await hostOf(t, { holdMs: 1_500 });
  await vmIs('running');
  await guard.arm();
  local.muted = true;
  await seen('delete_strict', 2);
  t.notOk(
    (await lines()).some((line) => line.startsWith('dropped')),
    'nothing is old yet',
  );
  local.hangUp();
  await guard.close();
});

t.test('a guest that does not arrive: what waits is dropped, and the controller is told', async (t) => {
  const { guard, host, lines, seen, vmIs } = await hostOf(t, { holdMs: 300 });
  await guard.arm();
  await seen('delete_strict', 2);
  await seen('dropped');
  while (host.lifted === 0) await sleep(20);
  await vmIs('running');
  await guard.close();
  t.equal(host.lifted, 1);
  t.ok((await lines()).length > 0);
});

t.test('a guest that runs after all loses nothing when the hold is over', async (t) => {
  const { guard, host, lines, vmIs } = await hostOf(t, { holdMs: 300 });
  await vmIs('running');
  await guard.arm();
  while (host.lifted === 0) await sleep(20);
  await guard.close();
  t.notOk((await lines()).some((line) => line.startsWith('dropped')));
});

t.test('frames that are dropped on our word', async (t) => {
  const { guard, lines } = await hostOf(t, { holdMs: 60_000 });
  await guard.arm();
  await guard.drop();
  await guard.close();
  t.match((await lines()).at(-1), /^dropped/);
});

t.test('what a guest that runs has waiting is its own, and is not dropped on our word either', async (t) => {
  const { guard, lines, vmIs } = await hostOf(t, { holdMs: 60_000 });
  await vmIs('running');
  await guard.arm();
  await guard.drop();
  await guard.close();
  t.match((await lines()).at(-1), /^delete_strict/);
});

t.test('a controller that dies when the guest has arrived: the flows go, and nothing is dropped', async (t) => {
  // A guest that runs at the other host is paused here, as long as libvirt has it here.
  const { guard, host, local, lines, seen } = await hostOf(t, { holdMs: 300, beatMs: 20 });
  await guard.arm();
  host.arrived = true;
  // One at a time: the second is said when the first was answered.
  while (host.told < 2) await sleep(10);
  local.hangUp();
  await seen('delete_strict', 2);
  await guard.close();
  t.notOk((await lines()).some((line) => line.startsWith('dropped')));
});

t.test('a guest that nobody wakes any more: the guard goes all the same', async (t) => {
  const { guard, local, seen } = await hostOf(t, { holdMs: 300, lastWatchMs: 1_500 });
  await guard.arm();
  local.hangUp();
  await seen('dropped');
  await guard.close();
  t.pass('it has gone, and the VM is still paused');
});
