import type { Topology } from '../../model/topology.js';
import { peersOf, vtepOf } from '../../plan/desired.js';
import type { SeenBridge } from '../eyes.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import type { Wanted } from '../rubric.js';
import type { Fact } from '../sight.js';

const ROLES = { network: 'network', from: 'host', to: 'host' } as const;

export const TUNNEL: CheckKind<'tunnel'> = {
  steadiness: 'it reads the configuration of the switches; `retry` where it may still change',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async (wanted, { submission, reference, eyes }) => {
      const { network, from, to } = wanted;
      const lacking = missing(submission, { network, from, to }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const right = reference ?? submission;
      const senders = right.hosts.filter(({ name }) => from === undefined || name === from);
      const facts = senders.map(async (sender) =>
        tunnelFacts(await eyes.bridge(sender.name, network), { wanted, right, sender: sender.name }),
      );
      return { facts: (await Promise.all(facts)).flat() };
    },
  },
};

function tunnelFacts(
  bridge: SeenBridge | null,
  { wanted, right, sender }: { readonly wanted: Wanted<'tunnel'>; readonly right: Topology; readonly sender: string },
): Fact[] {
  const network = right.networks.find(({ name }) => name === wanted.network);
  if (network === undefined) throw new Error(`no network ${wanted.network} to expect tunnels of`);
  const vni = wanted.vni ?? network.vni;
  const ends = right.hosts.filter(({ name }) => name === wanted.to);
  const peers = wanted.to === undefined ? peersOf(right, network, sender) : ends;
  const seen = bridge === null ? 'there is no bridge' : bridge.tunnels.map(tunnelText).sort().join(', ') || 'no tunnel';
  return peers.map((peer) => {
    const far = vtepOf(peer);
    const isIt = (tunnel: SeenBridge['tunnels'][number]) =>
      tunnel.vni === vni && (tunnel.remote === far || (tunnel.remote === null && network.mesh.kind === 'flow'));
    return {
      what: `tunnel of network ${network.name} from ${sender} to ${peer.name}`,
      holds: bridge === null ? null : bridge.tunnels.some(isIt),
      expected: tunnelText({ vni, remote: network.mesh.kind === 'flow' ? null : far }),
      seen,
    };
  });
}

function tunnelText({ vni, remote }: Pick<SeenBridge['tunnels'][number], 'vni' | 'remote'>): string {
  return `VNI ${vni ?? 'by flow'} to ${remote ?? 'where flows say'}`;
}
