import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { VxmigError } from '../../../lib/model/errors.js';
import { DEVICE_NAME_LENGTH } from '../../../lib/model/names.js';
import type { Topology } from '../../../lib/model/topology.js';
import { desiredNetwork } from '../../../lib/plan/desired.js';
import { decodeText } from '../../../lib/topology/decode-text.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SCHEMA_URL } from '../../../lib/topology/schema.js';
import { TopologyError } from '../../../lib/topology/topology-error.js';
import { freshHosts, KERNEL, planFor, type TestPlan } from '../plan/hosts.js';
import { mutated, mutations } from './mutate.js';
import { RICH } from './rich.js';

/**
 * More of them: VXMIG_MUTATIONS=100000 before `node dist/test/unit/topology/mutations.test.js`; another walk through
 * them: VXMIG_SEED=1.
 */
const RUNS = Number(process.env.VXMIG_MUTATIONS ?? 10_000);
/** A slow machine looks at fewer; who names a number gets them all. */
const ENOUGH_MS = process.env.VXMIG_MUTATIONS === undefined ? 60_000 : 2 ** 31 - 1;
const SEED = Number(process.env.VXMIG_SEED ?? Date.now() % 2 ** 31);
/**
 * One takes a few milliseconds; what takes so long even on a busy machine does not end, or grows faster than the file.
 */
const FAR_TOO_LONG_MS = 20_000;
const FAR_TOO_MUCH_BYTES = 2 ** 30;

const folder = new URL('../../topologies/', SCHEMA_URL);
const shipped = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const sources = [...shipped.map((name) => readFileSync(new URL(name, folder), 'utf8')), RICH];

/** Reads a file as the program does: null where it is refused or accepted as it should be. */
function trouble(bytes: Buffer, accepted: () => void = () => undefined): string | null {
  const { text, problem } = decodeText(bytes, 'mutant.yaml');
  if (problem !== null) return troubleOfProblem(problem, '');
  let topology: Topology;
  try {
    topology = parseTopology(text, 'mutant.yaml');
  } catch (error) {
    if (!(error instanceof TopologyError)) return `not a refusal, but ${error instanceof Error ? error.stack : error}`;
    if (error.problems.length === 0) return 'refused without a reason';
    return error.problems.map((each) => troubleOfProblem(each, text)).find((each) => each !== null) ?? null;
  }
  accepted();
  return troubleOfPlan(topology);
}

function troubleOfProblem(problem: TopologyError['problems'][number], text: string): string | null {
  const { line, column, message, fix } = problem;
  const lines = text.split('\n').length;
  if (!Number.isInteger(line) || line < 1 || (text !== '' && line > lines)) return `line ${line}: ${message}`;
  if (!Number.isInteger(column) || column < 1) return `column ${column}: ${message}`;
  if (message.trim() === '' || fix.trim() === '') return `no words: ${message} (${fix})`;
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(message + fix)) return `not fit for a terminal: ${message} (${fix})`;
  if (/undefined|\[object|NaN(?!`| is)/.test(message) && !/undefined|object|nan/i.test(text))
    return `not for people: ${message}`;
  return null;
}

function troubleOfPlan(topology: Topology): string | null {
  for (const { name } of topology.hosts) {
    const { bridges } = desiredNetwork(topology, name, KERNEL);
    const devices = bridges.flatMap((bridge) => [bridge.name, ...bridge.ports.map((port) => port.name)]);
    const odd = devices.find((device) => device.length > DEVICE_NAME_LENGTH || !/^[A-Za-z0-9_.-]+$/.test(device));
    if (odd !== undefined) return `a device named ${JSON.stringify(odd)}`;
  }
  let plan: TestPlan;
  try {
    plan = planFor(topology, freshHosts(topology), () => KERNEL);
  } catch (error) {
    // A domain that these hosts do not have.
    if (error instanceof VxmigError && error.code === 'HOST_UNFIT') return null;
    throw error;
  }
  const said = JSON.stringify(plan.hosts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  const [slip] = /Infinity|NaN|undefined|\d\.\d+e\+\d+/.exec(said) ?? [];
  return slip === undefined || topology.name === slip ? null : `the plan says ${slip}`;
}

t.test(`mutated topologies are accepted, or refused with place and fix`, { timeout: 0 }, async (t) => {
  let runs = 0;
  let accepted = 0;
  let slowestMs = 0;
  for (const source of sources) t.equal(trouble(Buffer.from(source)), null, 'unchanged it is right');
  const before = process.memoryUsage.rss();
  fc.assert(
    fc.property(fc.nat(sources.length - 1), mutations, (index, list) => {
      const bytes = mutated(sources[index] ?? '', list);
      const since = performance.now();
      const found = trouble(bytes, () => {
        accepted += 1;
      });
      const tookMs = performance.now() - since;
      runs += 1;
      slowestMs = Math.max(slowestMs, tookMs);
      if (found !== null) throw new Error(`${found}\n--- the file:\n${bytes.toString()}`);
      if (tookMs > FAR_TOO_LONG_MS) throw new Error(`it took ${tookMs} ms\n--- the file:\n${bytes.toString()}`);
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: ENOUGH_MS },
  );
  t.comment(
    `seed ${SEED}: ${accepted} accepted, ${runs - accepted} refused; the slowest took ${Math.round(slowestMs)} ms`,
  );
  t.ok(accepted > runs / 50 && accepted < runs / 2, `both happen: ${accepted} of ${runs} were accepted`);
  t.ok(process.memoryUsage.rss() - before < FAR_TOO_MUCH_BYTES, 'memory does not grow with their number');
});
