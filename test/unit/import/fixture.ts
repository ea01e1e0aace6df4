import { readdirSync, readFileSync } from 'node:fs';
import type { Conversion, ImportOptions } from '../../../lib/import/conversion.js';
import { importVm } from '../../../lib/import/import.js';
import { vmText } from '../../../lib/import/vm-entry.js';
import type { Topology } from '../../../lib/model/topology.js';
import { parseTopology } from '../../../lib/topology/read.js';

const FIXTURES = new URL('../../../../test/unit/import/fixtures/', import.meta.url);
export const FIXTURE_NAMES = readdirSync(FIXTURES).sort();

export function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

export function imported(text: string, options: Partial<ImportOptions> = {}, file = 'guest.cfg'): Conversion {
  return importVm(text, file, { from: null, host: 'host-a', network: null, ...options });
}

/** The VM in a small topology, as somebody would paste it. */
function topologyText({ vm }: Conversion): string {
  const networks = [...new Set(vm.nics.map(({ network }) => network))];
  return `version: 1
name: small
underlay:
  left: {cidr: 198.18.1.0/24}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
  host-b: {underlay: left, address: 198.18.1.11}
networks:
${networks.map((name, index) => `  ${name}: {vni: ${5001 + index}, cidr: 10.9.${index}.0/24}\n`).join('')}vms:
${vmText(vm)}`;
}

export function topologyWith(conversion: Conversion): Topology {
  return parseTopology(topologyText(conversion), 'small.yaml');
}
