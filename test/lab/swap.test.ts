import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import { isMigrated } from './documents.js';
import { eventually } from './eventually.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { helpersOf, holding, holdings } from './host-state.js';
import { type Losses, losesNothing, lossesOf } from './without-loss.js';

const DYING = fileURLToPath(new URL('./dying-vxmig.js', import.meta.url));

/** Two VMs at each of two hosts, all in one network; the third host watches them all. */
const VMS = { web: 1, db: 2, mail: 3, dns: 4 } as const;
type Places = Record<keyof typeof VMS, string>;
const HERE: Places = { web: 'host-a', db: 'host-a', mail: 'host-b', dns: 'host-b' };
const SWAPPED: Places = { web: 'host-b', db: 'host-b', mail: 'host-a', dns: 'host-a' };

function fileOf(text: string, places: Places): string {
  const vms = Object.entries(VMS).map(
    ([name, number]) => `  ${name}:
    host: ${places[name as keyof Places]}
    memory: 96MiB
    image: micro
    nics:
      - {network: blue, mac: "52:54:00:09:00:0${number}", address: 10.9.0.${number}/24}
`,
  );
  const probes = Object.keys(VMS).map((name) => `  - {from: host-c, to: ${name}, interval: 20ms}\n`);
  return text.replace(/\nvms:[\s\S]*$/, () => `\nvms:\n${vms.join('')}\nprobes:\n${probes.join('')}`);
}

await onLab(
  'two-subnets',
  async (t, lab) => {
    await lab.apply();
    for (const [round, from, to] of [
      ['the first time', HERE, SWAPPED],
      ['and back', SWAPPED, HERE],
    ] as const) {
      await t.test(`four VMs change places in one apply, ${round}`, async (t) => {
        await lab.edit((text) => fileOf(text, to));
        const plan = await lab.succeed('plan', lab.file);
        const moves = plan.changes.filter(({ action }: Document) => action === 'migrate');
        t.equal(moves.length, 4);
        for (const { why } of moves) t.match(why, /; at once$/, 'the plan says when');
        const attempt = async () => await haveMoved(t, lab, await lab.apply(), { from, to });
        const back = async () => {
          await lab.edit((text) => fileOf(text, from));
          await lab.apply();
          await lab.edit((text) => fileOf(text, to));
        };
        await losesNothing(t, attempt, back);
      });
    }

    await t.test('one at a time, where that is asked for', async (t) => {
      await lab.edit((text) => fileOf(text, SWAPPED));
      const plan = await lab.succeed('plan', lab.file, '--parallel', '1');
      const whys = plan.changes.flatMap(({ action, why }: Document) => (action === 'migrate' ? [why] : []));
      t.match(whys, [
        /; at once$/,
        /; when web has moved \(one at a time\)$/,
        /; at once$/,
        /; when mail has moved \(one at a time\)$/,
      ]);
      const bad = await lab.run('apply', lab.file, '--parallel', '0');
      t.equal(bad.exitCode, 3);
      await lab.edit((text) => fileOf(text, HERE));
    });

    for (const point of ['after copy', 'RESUME', 'before release']) {
      await t.test(`killed in the middle of four migrations: ${point}`, async (t) => {
        await lab.edit((text) => fileOf(text, point === 'RESUME' ? HERE : SWAPPED));
        const wanted = point === 'RESUME' ? HERE : SWAPPED;
        const { stderr } = await execa(process.execPath, [DYING, 'SIGKILL', point, '--json', 'apply', lab.file], {
          reject: false,
          stdin: 'ignore',
          timeout: 100_000,
          env: { XDG_STATE_HOME: `${lab.file}.state` },
        });
        t.match(String(stderr), new RegExp(`reached ${point}`));
        await eventually('nothing of the migrations runs any more', async () => (await helpersOf(lab)).length === 0);
        await lab.apply();
        t.same(await holdings(lab), holding(lab, wanted), 'apply brings about what the file says, and nothing is left');
        t.equal((await lab.succeed('verify', lab.file)).ok, true);
      });
    }
  },
  (text) => fileOf(text, HERE),
);

async function haveMoved(
  t: Test,
  lab: TestLab,
  { migrations }: Document,
  { from, to }: { from: Places; to: Places },
): Promise<Losses> {
  t.equal(migrations.length, 4);
  for (const migration of migrations) {
    const vm = migration.vm as keyof Places;
    isMigrated(t, migration, { vm, from: from[vm], to: to[vm] });
    t.ok(migration.certificate.verdict.ok, `${vm}: ${migration.certificate.verdict.text}`);
    t.same(
      migration.ping.map((ping: Document) => ping.to),
      [vm],
      `${vm}: what watches the others is in their own runs`,
    );
    for (const ping of migration.ping) {
      t.comment(`${vm}: ${ping.lost} of ${ping.sent} lost, the longest wait ${ping.longestWaitMs} ms`);
      t.equal(ping.duplicates, 0);
    }
  }
  const begun = migrations.map(({ stages }: Document) => Date.parse(stages[0].startedAt));
  const ended = migrations.map(
    ({ stages }: Document) => Date.parse(stages.at(-1).startedAt) + stages.at(-1).durationMs,
  );
  t.ok(Math.max(...begun) < Math.min(...ended), 'all four were under way at the same time');
  t.same(await holdings(lab), holding(lab, to), 'each runs at its new place, and nothing is left');
  await eventually('nothing of the migrations runs any more', async () => (await helpersOf(lab)).length === 0);
  t.equal((await lab.succeed('verify', lab.file)).ok, true);
  return lossesOf(migrations);
}
