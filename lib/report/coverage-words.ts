import type { MigrationResult } from '../model/migration-result.js';
import { formatCount } from '../model/quantities.js';

/** `, no ping lost`, with what that says nothing of; empty where nothing pinged. */
export function lossWords({ ping, macs = [], unwatched = [] }: MigrationResult): string {
  if (ping.length === 0) return '';
  const lost = ping.reduce((sum, probe) => sum + probe.lost, 0);
  const blind = [...new Set(unwatched.map(({ network }) => network))].join(', ');
  const uncovered = macs.filter(({ covered }) => !covered).length;
  const unless = [
    ...(blind === '' ? [] : [`nothing watched ${blind}`]),
    ...(uncovered === 0 ? [] : [`${formatCount(uncovered, 'MAC')} behind it not covered`]),
  ];
  const but = unless.length === 0 ? '' : ` (${unless.join('; ')})`;
  return `, ${lost === 0 ? 'no ping' : formatCount(lost, 'ping')} lost${but}`;
}

/** What moved besides the VM's own, and what is not known of all that: names and values for a list of facts. */
export function coverageFacts({ macs = [], unwatched = [], ping }: MigrationResult): [string, string][] {
  const others = macs.filter(({ origin, covered }) => covered && origin !== 'nic').map(({ mac }) => mac);
  const besides = `${formatCount(others.length, 'MAC')} behind it, which no ping watches: ${others.join(', ')}`;
  return [
    ...(others.length === 0 ? [] : [besides]).map((value): [string, string] => ['moved too', value]),
    ...macs
      .filter(({ covered }) => !covered)
      .map(({ mac, network, why }): [string, string] => ['uncovered', `${mac} in ${network}: ${why}`]),
    ...(ping.length === 0 ? [] : unwatched).map(({ network, mac, why }): [string, string] => [
      'unwatched',
      `${mac} in ${network}: ${why}`,
    ]),
  ];
}
