import type { HostShell } from '../../host/connection.js';
import { LOCAL_PORT } from '../../openflow/trace.js';

export interface LearnedMac {
  readonly mac: string;
  readonly ofport: number;
}

/** As it is shown: ` port  VLAN  MAC                Age`; LOCAL stands for the bridge's own port. */
const ENTRY = /^\s*(\d+|LOCAL)\s+\d+\s+([0-9a-f:]{17})\s+\S+$/gm;

/** What a bridge has learned by itself, for its action NORMAL (ovs-vswitchd(8), "fdb/show"). @throws CommandError */
export async function readFdb(shell: HostShell, bridge: string): Promise<LearnedMac[]> {
  const { stdout } = await shell.run(['ovs-appctl', '--timeout=10', 'fdb/show', bridge]);
  return [...stdout.matchAll(ENTRY)].map(([, port = '', mac = '']) => ({
    mac,
    ofport: port === 'LOCAL' ? LOCAL_PORT : Number(port),
  }));
}
