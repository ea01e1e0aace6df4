/**
 * The forwarding pipeline of a network's bridge, in the order in which a frame meets it. Numbers have gaps: a table
 * that comes to stand between two others later does not renumber the rest, whose flows hosts have.
 */
export const PIPELINE = [
  {
    number: 0,
    name: 'classify',
    miss: 'drop',
    purpose: 'Where does the frame come from: a tunnel, or a port on this host?',
  },
  {
    number: 2,
    name: 'guard',
    miss: 'drop',
    purpose:
      "Port security, for frames from a VM's tap: what the VM may not send is dropped, each reason by a " +
      'flow of its own.',
  },
  {
    number: 4,
    name: 'neighbour',
    miss: 'acl_network',
    purpose: 'Port security of IPv6: what neighbour discovery claims, and who may send router advertisements.',
  },
  {
    number: 6,
    name: 'acl_network',
    miss: 'acl_sender',
    purpose:
      "The network's access rules, for frames from ports of this host. Standing TCP connections and neighbour " +
      'discovery pass all rules.',
  },
  { number: 7, name: 'acl_sender', miss: 'acl_receiver', purpose: 'The access rules of the VM that sends.' },
  {
    number: 8,
    name: 'acl_receiver',
    miss: 'admit',
    purpose: 'The access rules of the VM that is sent to, wherever it runs.',
  },
  {
    number: 10,
    name: 'admit',
    miss: 'learn',
    purpose:
      'What no port may send is dropped: frames for reserved addresses, multicast sources. What its old host ' +
      'sends ahead for a VM goes to its tap, unlearned.',
  },
  {
    number: 20,
    name: 'learn',
    miss: 'redirect',
    purpose: 'The source MAC is learned into fdb; what is local is also learned into home.',
  },
  {
    number: 30,
    name: 'redirect',
    miss: 'lookup',
    purpose: 'Frames for a VM on the move go where the migration says, whatever fdb knows.',
  },
  {
    number: 40,
    name: 'lookup',
    miss: 'deliver',
    purpose: 'Multicast goes to flood; for unicast fdb and home are asked.',
  },
  { number: 50, name: 'fdb', miss: 'return', purpose: 'Learned: MAC → port. Asked by lookup, it returns there.' },
  {
    number: 60,
    name: 'home',
    miss: 'return',
    purpose: 'Learned: MACs that lived on this host lately. Asked by lookup, it returns there.',
  },
  {
    number: 70,
    name: 'deliver',
    miss: 'output',
    purpose:
      'Split horizon: tunnel to tunnel only for a MAC that lived here (late frames after a migration), or at a hub.',
  },
  {
    number: 80,
    name: 'flood',
    miss: 'drop',
    purpose: 'Local frames to everybody; frames from a tunnel to local ports, and at a hub to the other tunnels.',
  },
] as const;

export type TableName = (typeof PIPELINE)[number]['name'];

export function tableNumber(name: TableName): number {
  const table = PIPELINE.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`no table is called ${name}`);
  return table.number;
}

/** As `Bridge.flow_tables` wants it, so that `ovs-ofctl --names` speaks the same names. */
export const PIPELINE_TABLE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  PIPELINE.map((table) => [String(table.number), table.name]),
);
