import type { Topology } from '../../../lib/model/topology.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import { DROP_REASONS, type DropReason } from '../../../lib/pipeline/drop-reason.js';
import { numberedRules } from '../../../lib/plan/access.js';

/** By what of a forged frame a switch goes. */
const FORGED: readonly (readonly [RegExp, DropReason])[] = [
  [/tun_src=/, 'endpoint'],
  [/rarp/, 'rarp'],
  [/arp/, 'arp'],
  [/nd_target=/, 'neighbour'],
  [/icmp6/, 'ipv6'],
  [/nw_src=/, 'ipv4'],
  [/dl_vlan=/, 'vlan'],
  [/dl_src=02:/, 'mac'],
];

/** What a switch whose flows are in order says of frames that must be dropped. */
export function traced(topology: Topology, line: string): string {
  const [rule] = numberedRules(topology);
  const questions = line.split(/ (?=in_port=)/).slice(1);
  const cookieFor = (frame: string) => {
    if (frame.startsWith('in_port=LOCAL')) return cookieOf('access', rule?.id ?? 0);
    const [, reason] = FORGED.find(([pattern]) => pattern.test(frame)) ?? [];
    return cookieOf('security', reason === undefined ? 0 : DROP_REASONS[reason].id);
  };
  return questions.map((frame) => trace(`cookie 0x${cookieFor(frame).toString(16)}\n    drop`, 'drop')).join('');
}

export function trace(does: string, datapath: string): string {
  const begin = 'Flow: in_port=1\n\nbridge("br")\n------------\n';
  return `=== vxmig trace\n${begin} 0. priority 7, ${does}\n\nFinal flow: unchanged\nDatapath actions: ${datapath}\n`;
}
