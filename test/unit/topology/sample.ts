import type { MigrationSettings } from '../../../lib/model/topology.js';
import { DEFAULT_SETTINGS } from '../../../lib/strategies/registry.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { TopologyError } from '../../../lib/topology/topology-error.js';

/** Of a VM of which the file says nothing. */
export const USUAL_MIGRATION: MigrationSettings = {
  strategy: 'pre-copy',
  bandwidthBytesPerSecond: null,
  timeoutMs: 120_000,
  copyStorage: null,
  ...DEFAULT_SETTINGS,
};

/** A topology without a mistake, for tests to break. */
export const SAMPLE = `version: 1
name: sample
lab: {}
underlay:
  left: {cidr: 198.18.1.0/24}
  right: {cidr: 198.18.2.0/24}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
  host-b: {underlay: right, address: 198.18.2.10}
networks:
  blue: {vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}
  green: {vni: 5002, cidr: 10.9.0.0/24}
vms:
  web:
    host: host-a
    image: micro
    nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]
  db:
    host: host-b
    image: micro
    nics: [{network: green, mac: "52:54:00:09:00:02", address: 10.9.0.1/24}]
probes:
  - {from: host-b, to: web}
`;

/** SAMPLE with `old` replaced, which must be in it. */
export function sampleWith(old: string, replacement: string): string {
  if (!SAMPLE.includes(old)) throw new Error(`not in the sample: ${old}`);
  return SAMPLE.replace(old, () => replacement);
}

/** What parsing complains of, as `LINE:COLUMN MESSAGE`; nothing where the text is right. */
export function problemsOf(text: string): readonly string[] {
  try {
    parseTopology(text, 'test.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return error.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`);
  }
}

const MARK = '§';

/** Takes the mark out of a text and tells, as `LINE:COLUMN`, where it stood. */
export function marked(text: string): { readonly text: string; readonly place: string } {
  const before = text.slice(0, text.indexOf(MARK)).split('\n');
  return { text: text.replace(MARK, ''), place: `${before.length}:${(before.at(-1) ?? '').length + 1}` };
}
