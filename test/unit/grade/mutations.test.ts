import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { gradeTopology } from '../../../lib/grade/grade-topology.js';
import { readRubric } from '../../../lib/grade/read.js';
import { MistakesError } from '../../../lib/model/mistakes-error.js';
import { mutated, mutations } from '../topology/mutate.js';
import { HIDDEN, rubricIn } from './sample.js';

/**
 * More of them: VXMIG_MUTATIONS=20000 before `node dist/test/unit/grade/mutations.test.js`; another walk: VXMIG_SEED=1.
 */
const RUNS = Number(process.env.VXMIG_MUTATIONS ?? 500);
/** A slow machine looks at fewer; who names a number gets them all. */
const ENOUGH_MS = process.env.VXMIG_MUTATIONS === undefined ? 20_000 : 2 ** 31 - 1;
const SEED = Number(process.env.VXMIG_SEED ?? Date.now() % 2 ** 31);

/** Every form that a key may have, for mutations to break. */
const RICH = `version: 1
name: rich
reference: reference.yaml
hidden: hidden.yaml
checks:
  all: {topology: reference, partial: ratio, hint: "look", title: "All of it"}
  some:
    points: 2.5
    needs: [all]
    topology:
      underlay: {left: {cidr: 198.18.1.0/24, mtu: {atLeast: 1400}, rate: none, delay: none}}
      hosts: [underlay, address]
      networks: {blue: {vni: 5001, mesh: full, cidr: reference}, green: present, red: absent}
      vms:
        web:
          host: host-a
          memory: 128MiB
          vcpus: {atMost: 2}
          source: "image: micro"
          nics: [{network: blue, mac: "52:54:00:09:00:01"}]
        db: [host]
      probes: [{from: host-b, to: web, interval: 10ms}]
  no-red: {not: true, visibility: after_due_date, topology: {networks: {blue: {vni: 7}}}, showExpected: false}
  vnis: {level: warning, topology: {networks: [vni]}}
  tunnel: {tunnel: {network: blue, from: host-a, to: host-b, vni: 5001}, retry: {for: 30s, every: 2s}}
  fdb: {fdb: {network: blue, vm: web, on: [host-b], at: host-a}}
  port: {port: {vm: web, network: blue}, retry: 5s}
  bridge: {bridge: {network: green}}
  apart: {isolated: {from: host-b, to: db, witness: web, count: 3}}
  move: {migrate: {vm: web, to: host-b, downtime: 1s}, partial: {lost: [{upTo: 0, credit: 1}, {upTo: 9, credit: 0.25}]}}
  size: {mtu: {from: host-b, to: web, bytes: 1450}}
  show: {command: {on: host-a, run: [ovs-vsctl, show], matches: '^\\s+Bridge', exit: 0, within: 5s}}
  wire: {packet: {on: host-a, filter: "vxlan.vni == 5001", while: {from: host-b, to: web}, atLeast: 2}}
  way: {trace: {from: web, to: db, network: blue, at: host-b}}
  verify: {verify: {part: fdb}}
`;

// fast-check ends it.
t.setTimeout(0);

t.test('the rich rubric is right', async (t) => {
  const rubric = await readRubric(rubricIn(t.testdir(), { rubric: RICH }));
  t.equal(rubric.checks.length, 16);
});

t.test('a broken rubric is refused with reasons, or grades; nothing else happens', async (t) => {
  const path = rubricIn(t.testdir(), { rubric: RICH });
  const sources = [RICH, HIDDEN];
  let accepted = 0;
  const property = fc.asyncProperty(fc.nat(1), mutations, async (which, list) => {
    const bytes = mutated(sources[which] ?? '', list);
    const names = ['rubric.yaml', 'hidden.yaml'];
    for (const [index, name] of names.entries())
      writeFileSync(join(path, '..', name), index === which ? bytes : (sources[index] ?? ''));
    const trouble = await troubleWith(path, () => {
      accepted += 1;
    });
    if (trouble !== null) throw new Error(`${trouble}\n--- the file:\n${bytes.toString()}`);
  });
  await t.resolves(fc.assert(property, { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: ENOUGH_MS }));
  t.ok(accepted > 0, `seed ${SEED}: ${accepted} of ${RUNS} were accepted`);
});

async function troubleWith(path: string, accept: () => void): Promise<string | null> {
  try {
    const rubric = await readRubric(path);
    if (rubric.reference !== null) {
      const grade = gradeTopology(rubric, rubric.reference, 'reference.yaml');
      const broken = grade.checks.find(({ kind, status }) => kind === 'topology' && status !== 'passed');
      if (broken !== undefined) return `the reference does not pass ${broken.name}: ${broken.output}`;
    }
    accept();
    return null;
  } catch (error) {
    if (!(error instanceof MistakesError)) return `no refusal, but ${error instanceof Error ? error.stack : error}`;
    if (error.problems.length === 0) return 'refused without a reason';
    const wordless = error.problems.find(
      ({ line, column, message, fix }) => !(line >= 1 && column >= 1) || message.trim() === '' || fix.trim() === '',
    );
    return wordless === undefined ? null : `no words or place: ${JSON.stringify(wordless)}`;
  }
}
