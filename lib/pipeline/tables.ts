/**
 * The forwarding pipeline of a network's bridge, in the order in which a frame meets it. The number of a table is its
 * place times ten: a table that comes to stand between two others later does not renumber the rest.
 */
export const PIPELINE = [
  { name: 'classify', miss: 'drop', purpose: 'Where does the frame come from: a tunnel, or a port on this host?' },
  {
    name: 'admit',
    miss: 'learn',
    purpose:
      'What no port may send is dropped: frames for reserved addresses, multicast sources. What its old host sends ahead for a VM goes to its tap, unlearned.',
  },
  {
    name: 'learn',
    miss: 'redirect',
    purpose: 'The source MAC is learned into fdb; what is local is also learned into home.',
  },
  {
    name: 'redirect',
    miss: 'lookup',
    purpose: 'Frames for a VM on the move go where the migration says, whatever fdb knows.',
  },
  { name: 'lookup', miss: 'deliver', purpose: 'Multicast goes to flood; for unicast fdb and home are asked.' },
  { name: 'fdb', miss: 'return', purpose: 'Learned: MAC → port. Asked by lookup, it returns there.' },
  {
    name: 'home',
    miss: 'return',
    purpose: 'Learned: MACs that lived on this host lately. Asked by lookup, it returns there.',
  },
  {
    name: 'deliver',
    miss: 'output',
    purpose:
      'Split horizon: tunnel to tunnel only for a MAC that lived here (late frames after a migration), or at a hub.',
  },
  {
    name: 'flood',
    miss: 'drop',
    purpose: 'Local frames to everybody; frames from a tunnel to local ports, and at a hub to the other tunnels.',
  },
] as const;

export type TableName = (typeof PIPELINE)[number]['name'];

export function tableNumber(name: TableName): number {
  return PIPELINE.findIndex((table) => table.name === name) * 10;
}

/** As `Bridge.flow_tables` wants it, so that `ovs-ofctl --names` speaks the same names. */
export const PIPELINE_TABLE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  PIPELINE.map((table, index) => [String(index * 10), table.name]),
);
