import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { labDown } from '../../lib/lab/down.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { parseTopology } from '../../lib/topology/read.js';
import { guardLab, whyNoGuest } from './harness.js';
import { tracesOf } from './traces.js';

const PROGRAM = fileURLToPath(new URL('./vxmig.js', import.meta.url));
const SOURCE = new URL('../../../topologies/two-subnets.yaml', import.meta.url);
const TOOLS = ['vxmig', 'no-redirect', 'ovn', 'virsh'];

/**
 * Not `ps`: the daemons of a lab host are in a namespace of processes that this machine sees, under their own names.
 */
async function ovnProcesses(): Promise<string[]> {
  const { stdout } = await execa('pgrep', ['-a', 'ovn-(northd|controller)'], { reject: false });
  return stdout.split('\n').filter((line) => line !== '');
}

t.setTimeout(300_000);
const name = `t${process.pid}`;
const lab = `bench-${name}`;
const text = (await readFile(SOURCE, 'utf8')).replace(/^name: .*$/m, `name: ${name}`);
const why = (await whyNoLab({ ...parseTopology(text, 'two-subnets.yaml'), name: lab })) ?? (await whyNoGuest());

if (why !== null) {
  t.plan(0, why);
} else {
  const directory = t.testdir({ 'bench.yaml': text });
  const guard = guardLab(lab);
  t.teardown(async () => {
    await labDown(lab, () => undefined).catch(() => undefined);
    guard.release();
  });
  const argv = [PROGRAM, 'bench', `${directory}/bench.yaml`, '--only', 'migrate'];
  const before = await ovnProcesses();
  const installed = (await execa('which', ['ovn-northd', 'ovn-controller'], { reject: false })).exitCode === 0;

  await t.test('each contender moves the VM once, and all are measured alike', async (t) => {
    const plot = `${directory}/plot.svg`;
    const ran = await execa(process.execPath, [...argv, '--json', '--runs', '1', '--plot', plot], { reject: false });
    t.equal(ran.exitCode, 0, ran.stderr);
    const { migrate, verdicts } = JSON.parse(ran.stdout);
    t.same(migrate.contenders, TOOLS);
    t.same(migrate.failures, []);
    if (!installed) t.comment('OVN is not installed: that the bench goes on without it is tested instead');
    t.same(
      migrate.missing.map((missing: { tool: string; hint: string }) => [
        missing.tool,
        /ovn-central/.test(missing.hint),
      ]),
      installed ? [] : [['ovn', true]],
    );
    const able = TOOLS.filter((tool) => installed || tool !== 'ovn');
    t.same(migrate.runs.map((run: { tool: string }) => run.tool).sort(), [...able].sort());
    for (const run of migrate.runs) {
      t.same([run.from, run.to].sort(), ['host-a', 'host-b'], `${run.tool} moved it`);
      t.ok(run.wallMs > 500 && run.downtimeMs > 0, `${run.tool} took its time`);
      t.equal(run.probes.length, 6, `${run.tool} is watched by three hosts, over IPv4 and IPv6`);
      for (const ping of run.probes) t.ok(ping.received > 50, `${run.tool}: ${ping.from} ${ping.address} saw it`);
      t.ok(run.backAfterResumeMs > 0 && run.backAfterResumeMs < 5000, `${run.tool}: it answers again`);
      t.ok(
        migrate.curves[run.tool].some(
          (slot: { atMs: number; replies: number }) => slot.atMs === 200 && slot.replies > 0,
        ),
        `${run.tool}: its resume was seen`,
      );
    }
    t.ok(verdicts.length === 3);
    const svg = await readFile(plot, 'utf8');
    for (const tool of able) t.match(svg, `class="curve ${tool}"`);
  });

  await t.test('nothing is left: no lab, and no daemon of OVN', async (t) => {
    t.same(await tracesOf(lab, new Set()), []);
    t.same(await ovnProcesses(), before);
  });

  const skip = installed ? false : 'OVN is not installed: `npm run setup` installs it';
  await t.test('interrupted while OVN runs, it takes everything down', { skip }, async (t) => {
    const bench = execa(process.execPath, [...argv, '--runs', '9', '--against', 'ovn'], { reject: false });
    const begun = Date.now();
    while ((await ovnProcesses()).length < before.length + 2 && Date.now() - begun < 60_000) {
      if (bench.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    bench.kill('SIGINT');
    t.equal((await bench).exitCode, 130);
    t.same(await tracesOf(lab, new Set()), []);
    t.same(await ovnProcesses(), before);
  });
}
