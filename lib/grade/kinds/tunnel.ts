import type { Encapsulation } from '../../model/encapsulation.js';
import type { Host, Network, Topology } from '../../model/topology.js';
import { vtepOf } from '../../plan/topology-parts.js';
import { peersOf } from '../../plan/ways.js';
import { aboutKey } from '../../topology/complaint.js';
import type { SeenBridge, SeenTunnel } from '../eyes.js';
import type { CheckKind, Scene } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import type { Wanted } from '../rubric.js';
import type { Fact } from '../sight.js';

const ROLES = { network: 'network', from: 'host', to: 'host' } as const;

export const TUNNEL: CheckKind<'tunnel'> = {
  steadiness: 'it reads the configuration of the switches; `retry` where it may still change',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference, { negative }) => [
    ...nameComplaints(reference, wanted, ROLES),
    ...(negative && wanted.exactly === true
      ? [aboutKey(['exactly'], '`exactly` means nothing with `not`', 'leave one of the two out')]
      : []),
  ],
  // Which tunnels there should be is what the reference's mesh says.
  needsReference: ({ from, to, vni }, { negative }) =>
    from === undefined || to === undefined || vni === 'reference' || (vni === undefined && !negative),
  look: {
    at: 'hosts',
    see: async (wanted, { submission, reference, eyes, negative }) => {
      const { network, from, to } = wanted;
      const lacking = missing(submission, { network, from, to }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const right = reference ?? submission;
      const senders = right.hosts.filter(({ name }) => from === undefined || name === from);
      const facts = senders.map(async (sender) => {
        const bridge = await eyes.bridge(sender.name, network);
        return tunnelFacts(bridge, { wanted, submission, reference, sender: sender.name, negative });
      });
      return { facts: (await Promise.all(facts)).flat() };
    },
  },
};

interface Question extends Scene {
  readonly wanted: Wanted<'tunnel'>;
  readonly sender: string;
  readonly negative: boolean;
}

function tunnelFacts(bridge: SeenBridge | null, question: Question): Fact[] {
  const { wanted, submission, reference, sender, negative } = question;
  const right = reference ?? submission;
  const network = right.networks.find(({ name }) => name === wanted.network);
  if (network === undefined) throw new Error(`no network ${wanted.network} to expect tunnels of`);
  const vni = expectedVni(question);
  const ends = right.hosts.filter(({ name }) => name === wanted.to);
  const peers = wanted.to === undefined ? peersOf(right, network, sender) : ends;
  const { encapsulation } = network;
  const texts = bridge?.tunnels.map((tunnel) => tunnelText(tunnel, encapsulation)).sort() ?? [];
  const seen = bridge === null ? 'there is no bridge' : texts.join(', ') || 'no tunnel';
  // One that leads wherever flows say may lead there: what must not be there is not, only where nothing leads there.
  const mayFollowFlows = negative || network.mesh.kind === 'flow';
  const facts = peers.map((peer) => {
    const far = negative ? addressesOf(peer.name, question) : [vtepOf(peer)];
    const isIt = (tunnel: SeenTunnel) =>
      (negative || tunnel.encapsulation.name === encapsulation.name) &&
      (vni === null || tunnel.vni === vni || (negative && tunnel.vni === null)) &&
      (tunnel.remote === null ? mayFollowFlows : far.includes(tunnel.remote));
    return {
      what: `tunnel of network ${network.name} from ${sender} to ${peer.name}`,
      holds: bridge === null ? null : bridge.tunnels.some(isIt),
      expected: expectedText({ encapsulation, vni, remote: network.mesh.kind === 'flow' ? null : vtepOf(peer) }),
      seen,
    };
  });
  const isExact = !negative && (wanted.exactly ?? wanted.to === undefined);
  if (!isExact || bridge === null) return facts;
  const lacking = facts.filter(({ holds }) => holds === false).length;
  return [...facts, ...surplusFacts(bridge, { peers, lacking, question, network })];
}

/** null: any. */
function expectedVni({ wanted, submission, reference, negative }: Question): number | null {
  const { vni = negative ? 'any' : 'reference', network } = wanted;
  if (typeof vni === 'number') return vni;
  if (vni === 'any') return null;
  const of = vni === 'submission' ? submission : (reference ?? submission);
  return of.networks.find(({ name }) => name === network)?.vni ?? null;
}

/** Every VTEP address that the host has in either topology: what is named wrongly in one is there all the same. */
function addressesOf(host: string, { submission, reference }: Scene): readonly string[] {
  const both = [submission, ...(reference === null ? [] : [reference])];
  return both.flatMap(({ hosts }) => hosts.filter(({ name }) => name === host).flatMap(({ addresses }) => addresses));
}

interface Surplus {
  readonly peers: readonly Host[];
  /** To how many of them nothing leads that is right. */
  readonly lacking: number;
  readonly question: Question;
  readonly network: Network;
}

/**
 * A fact for each tunnel that leads to none of the peers. One to a peer that is not right is told already; so is one to
 * nobody, which may be meant for a peer that none leads to.
 */
function surplusFacts(bridge: SeenBridge, { peers, lacking, question, network }: Surplus): Fact[] {
  const { sender, submission, reference } = question;
  const known = peers.flatMap(({ name }) => addressesOf(name, question));
  const right: Topology = reference ?? submission;
  const isFlow = network.mesh.kind === 'flow';
  const everybody = right.hosts.flatMap(({ name }) => addressesOf(name, question));
  const isStray = ({ remote }: SeenTunnel) => remote !== null && !everybody.includes(remote);
  const surplus = bridge.tunnels.filter(({ remote }) => (remote === null ? !isFlow : !known.includes(remote)));
  return [...surplus.filter((tunnel) => !isStray(tunnel)), ...surplus.filter(isStray).slice(lacking)].map((tunnel) => {
    const { remote } = tunnel;
    const host = right.hosts.find(({ name }) => remote !== null && addressesOf(name, question).includes(remote));
    return {
      what: `tunnel of network ${network.name} from ${sender} to ${host?.name ?? remote ?? 'any host'}`,
      holds: false,
      expected: `none: it leads to ${peers.map(({ name }) => name).join(', ') || 'nobody'} only`,
      seen: tunnelText(tunnel, network.encapsulation),
    };
  });
}

type Ends = Omit<SeenTunnel, 'port'>;

function expectedText(ends: Ends): string {
  return ends.vni === null ? `one to ${ends.remote ?? 'where flows say'}` : tunnelText(ends, ends.encapsulation);
}

/** With the encapsulation's name where it is another than the `usual` one. */
function tunnelText({ encapsulation: { name, title, key }, vni, remote }: Ends, usual: Encapsulation): string {
  const kind = name === usual.name ? '' : `${title}, `;
  return `${kind}${key.name} ${vni ?? 'by flow'} to ${remote ?? 'where flows say'}`;
}
