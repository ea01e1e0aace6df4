import type { Command } from '../model/command.js';

/**
 * The userspace datapath reads a device's frames beside the kernel, which gets each of them too: it would answer a
 * second time on the underlay, and take what a guest sends to any address of the host, past every flow. An nftables
 * ingress hook drops them; OVS reads before it. In the kernel's datapath the frames come from behind that hook, and the
 * network stack gets none of a port of OVS.
 */
export function dropInKernel(table: string, device: string): Command {
  // Declared empty and deleted first, so that running it twice leaves one rule.
  const rule = [
    `table netdev ${table} {}`,
    `delete table netdev ${table}`,
    `table netdev ${table} {`,
    `  chain ingress {`,
    `    type filter hook ingress device "${device}" priority 0; policy drop;`,
    `  }`,
    `}`,
  ];
  return { argv: ['nft', '-f', '-'], stdin: `${rule.join('\n')}\n` };
}

/** Its chain goes with the device, the table does not. No error where there is none. */
export function liftBarrier(table: string): Command {
  return { argv: ['nft', '-f', '-'], stdin: `table netdev ${table} {}\ndelete table netdev ${table}\n` };
}

/** Tables carry no label, so the name is the mark: names of topologies and taps have no dots. */
export function barrierOf(topology: string, tap: string): string {
  return `${barriersOf(topology)}${tap.replaceAll('-', '_')}`;
}

/** What the names of a topology's tables begin with. */
function barriersOf(topology: string): string {
  return `vxmig_${topology.replaceAll('-', '_')}.`;
}

export function isBarrierOf(topology: string, table: string): boolean {
  return table.startsWith(barriersOf(topology));
}
