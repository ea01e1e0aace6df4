import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import { ARRIVING_NAMESPACE } from '../../lib/model/domain-marks.js';
import { bridgeName, probePortName } from '../../lib/model/names.js';
import { tableNumber } from '../../lib/pipeline/tables.js';
import { isVerified } from './documents.js';
import { eventually } from './eventually.js';
import { onLab, type TestLab } from './harness.js';
import { helpersOf, holding, holdings } from './host-state.js';

const PROGRAM = fileURLToPath(new URL('./dying-vxmig.js', import.meta.url));
const MAC = '52:54:00:09:00:01';

/** Frames that have waited 2 s are dropped; a loaded machine may be late with that. */
const STALE_MS = 3_000;
const LEFT_PAUSED_MS = 2_000;
const TAKEN_MS = 500;
/** Traffic is back within a second of the death; how long the machine takes to see it comes on top. */
const LONGEST_SILENCE_MS = 2_500;

/** Where the controller dies, and where the VM may then be: while QEMU finishes both are right. */
const DEATHS = [
  { point: 'before reserve', ends: ['host-a'] },
  { point: 'after reserve', ends: ['host-a'] },
  { point: 'after copy', ends: ['host-a', 'host-b'] },
  { point: 'armed', ends: ['host-a', 'host-b'] },
  { point: 'after redirect', ends: ['host-a', 'host-b'] },
  { point: 'STOP', ends: ['host-a', 'host-b'] },
  { point: 'RESUME', ends: ['host-b'] },
  { point: 'before verify', ends: ['host-b'] },
  { point: 'before release', ends: ['host-b'] },
];

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const page = (path: string) => lab.page('host-c', 'blue', `http://10.9.0.1${path}`);
  await page('/cgi-bin/pattern?size=8');
  const limits = await limitsAt(lab, 'host-a');

  for (const { point, ends } of DEATHS) {
    await t.test(`killed: ${point}`, async (t) => {
      const pings = await watch(lab);
      const program = await migrateUntil(lab, 'SIGKILL', point);
      await program.ended();
      await eventually('the redirect is gone', async () => (await redirects(lab)).length === 0);
      const home = await onlyHome(t, lab);
      t.ok(ends.includes(home), `it runs at ${home} alone`);
      await pings.answered();
      // The guard gives the limits back last of all.
      await eventually('nothing of the migration runs any more', async () => (await helpersOf(lab)).length === 0);
      t.same(await limitsAt(lab, home), limits, 'nothing holds back its next migration');
      await pings.end(t);
      await lab.apply();
      t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'apply brings about what the file says');
      isVerified(t, await lab.succeed('verify', lab.file));
      t.match(await page('/cgi-bin/check'), /^intact\n/);
    });
  }

  await t.test('stopped, not killed: the redirect goes by itself too', async (t) => {
    const pings = await watch(lab);
    const program = await migrateUntil(lab, 'SIGSTOP', 'armed');
    await eventually('the redirect is gone', async () => (await redirects(lab)).length === 0);
    await pings.answered();
    program.goOn();
    t.match(JSON.parse((await program.ended()).stdout).outcome, /^(migrated|rolled-back)$/);
    await pings.end(t);
    await lab.apply();
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
  });

  await t.test('a VM that a migration left paused gets nothing old when apply resumes it', async (t) => {
    // Else the sender's own kernel keeps pings while it asks for the MAC of a guest that does not answer.
    await neighbour(lab, 'replace 10.9.0.1 lladdr "$1" nud permanent dev "$2"');
    t.teardown(() => neighbour(lab, 'delete 10.9.0.1 dev "$2"'));
    const pings = await watch(lab);
    await lab.on('host-a', 'virsh', 'suspend', 'web');
    const mark = ['--uri', ARRIVING_NAMESPACE, '--key', 'vxmig', '--set', '<arriving/>'];
    await lab.on('host-a', 'virsh', 'metadata', 'web', '--live', ...mark);
    const pausedMs = Date.now();
    await sleep(LEFT_PAUSED_MS);
    await lab.apply();
    await pings.answered();
    // The guest itself and its QEMU have taken some already; of those that waited in the tap none is answered.
    const sent = (await pings.stop()).map(({ atMs, rttMs }) => atMs - rttMs);
    const old = sent.filter((atMs) => atMs > pausedMs + TAKEN_MS && atMs < pausedMs + LEFT_PAUSED_MS);
    t.same(old, [], `paused at ${pausedMs}`);
  });

  await t.test('a destination that is not proven ready: the plain way, and it is said why', async (t) => {
    const program = await migrateUntil(lab, 'SIGSTOP', 'after reserve');
    const inTheWay = `table=${tableNumber('admit')},priority=500,dl_dst=${MAC},actions=drop`;
    await lab.on('host-b', 'ovs-ofctl', '-O', 'OpenFlow15', 'add-flow', bridgeName(lab.name, 'blue'), inTheWay);
    program.goOn();
    const { stdout, stderr } = await program.ended();
    t.match(stderr, /host-b is not proven ready: a frame for 52:54:00:09:00:01 from host-a leaves by no port/);
    t.match(stderr, /migrated the plain way/);
    t.equal(JSON.parse(stdout).outcome, 'migrated');
    await lab.apply();
    t.match(await page('/cgi-bin/check'), /^intact\n/);
  });
});

interface Stopped {
  goOn(): void;
  ended(): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** A migration to host-b whose controller has got the signal at that point. */
async function migrateUntil(lab: TestLab, signal: NodeJS.Signals, point: string): Promise<Stopped> {
  const args = [PROGRAM, signal, point, '--json', 'migrate', lab.file, 'web', '--to', 'host-b'];
  const command = execa(process.execPath, args, {
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { XDG_STATE_HOME: `${lab.file}.state` },
  });
  const reached = new Promise<boolean>((resolve) => {
    let said = '';
    command.stderr.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes(`reached ${point}\n`)) resolve(true);
    });
    command.stderr.once('end', () => resolve(false));
  });
  if (!(await reached)) throw new Error(`${point} was not reached: ${(await command).stderr}`);
  return {
    goOn: () => {
      command.kill('SIGCONT');
    },
    ended: async () => {
      const { stdout, stderr } = await command;
      return { stdout: String(stdout), stderr: String(stderr) };
    },
  };
}

/** The one host that has the VM, running; at no look do two run it. */
async function onlyHome(t: Test, lab: TestLab): Promise<string> {
  let home: string | undefined;
  await eventually('the VM runs at one host, and no other knows it', async () => {
    const states = await Promise.all(
      ['host-a', 'host-b'].map(async (host) => ({
        host,
        state: (await lab.shell(host, 'virsh domstate web 2>/dev/null || true')).trim(),
      })),
    );
    const running = states.filter(({ state }) => state === 'running');
    if (running.length > 1) t.fail('it runs twice');
    home = running[0]?.host;
    return running.length === 1 && states.filter(({ state }) => state !== '').length === 1;
  });
  return home ?? '';
}

/** The flows of redirects, on all hosts. */
async function redirects(lab: TestLab): Promise<string[]> {
  const table = `table=${tableNumber('redirect')}`;
  const dumps = lab.topology.hosts.map(({ name }) =>
    lab.on(name, 'ovs-ofctl', '-O', 'OpenFlow15', 'dump-flows', bridgeName(lab.name, 'blue'), table),
  );
  return (await Promise.all(dumps)).flatMap((dump) =>
    dump.split('\n').filter((line) => line.includes(`dl_dst=${MAC}`)),
  );
}

async function limitsAt(lab: TestLab, host: string): Promise<string> {
  return await lab.on(host, 'virsh', '-q', 'migrate-getspeed web; migrate-getmaxdowntime web');
}

/**
 * Tells host-c's kernel, in the sentence of an `ip neighbour`, where the VM (`$1` its MAC, `$2` the device) is to be
 * found.
 */
async function neighbour(lab: TestLab, sentence: string): Promise<void> {
  const device = probePortName(lab.name, 'blue', 'host-c');
  const [program = '', ...args] = await lab.probeArgv('host-c', 'blue', ['sh', '-c', `ip neighbour ${sentence}`]);
  await execa(program, [...args, 'sh', MAC, device]);
}

/** Pings from host-c, every 20 ms. */
async function watch(lab: TestLab) {
  const [program = '', ...args] = await lab.probeArgv('host-c', 'blue', ['ping', '-n', '-D', '-i', '0.02', '10.9.0.1']);
  const command = execa(program, args, { reject: false, stdin: 'ignore', timeout: 60_000 });
  const replies: { readonly atMs: number; readonly rttMs: number; readonly duplicate: boolean }[] = [];
  let rest = '';
  command.stdout.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, seconds, rtt] = /^\[([\d.]+)\] .*icmp_seq=.* time=([\d.]+) ms/.exec(line) ?? [];
      if (seconds !== undefined)
        replies.push({ atMs: Number(seconds) * 1000, rttMs: Number(rtt), duplicate: line.includes('DUP') });
    }
  });
  const answered = async () => {
    const sinceMs = Date.now();
    await eventually('pings are answered', async () => (replies.at(-1)?.atMs ?? 0) > sinceMs);
  };
  await answered();
  const stop = async () => {
    command.kill('SIGINT');
    await command;
    return replies;
  };
  return {
    answered,
    stop,
    end: async (t: Test) => {
      await stop();
      const silences = replies.map(({ atMs }, index) => atMs - (replies[index - 1]?.atMs ?? atMs));
      const longest = Math.max(...silences);
      t.ok(longest < LONGEST_SILENCE_MS, `the longest silence was ${Math.round(longest)} ms`);
      t.notOk(
        replies.find((reply) => reply.duplicate),
        'no reply came twice',
      );
      t.notOk(
        replies.find((reply) => reply.rttMs > STALE_MS),
        'none to a request that was old',
      );
    },
  };
}
