import { overlap } from '../../model/address.js';
import { aboutKey, aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftNetwork } from '../draft.js';
import { type OverlayRoom, overlayRoom } from '../overlay-room.js';
import { suggestion } from '../suggest.js';
import { checkPrefixes } from './prefixes.js';

/** IPv6 does not work over links that carry less (RFC 8200 §5). */
const IPV6_MINIMUM_MTU = 1280;

/** Overlay segments. Two of them may use the same addresses: keeping them apart is what their numbers are for. */
export function* checkNetworks(draft: Draft): Generator<Complaint> {
  const owners = new Map<number, string>();
  for (const network of draft.networks) {
    yield* checkPrefixes(network);
    yield* checkApartFromUnderlay(draft, network);
    yield* checkHub(draft, network);
    yield* checkMtu(draft, network);
    yield* checkKey(network);
    const owner = network.vni === undefined ? undefined : owners.get(network.vni);
    if (network.vni !== undefined && owner !== undefined) {
      const key = network.encapsulation?.key.name ?? 'number';
      const message = `${key} ${network.vni} is network ${owner}’s already`;
      yield aboutValue([...network.path, 'vni'], message, 'give each network its own');
    } else if (network.vni !== undefined) {
      owners.set(network.vni, network.name);
    }
  }
}

/** A host that probes has an address in the network: its route would hide the way to the other hosts. */
function* checkApartFromUnderlay(draft: Draft, network: DraftNetwork): Generator<Complaint> {
  for (const { path, text, value } of network.prefixes) {
    for (const segment of draft.segments) {
      const other = segment.prefixes.find((prefix) => overlap(prefix.value, value));
      if (other === undefined) continue;
      const message = `${text} overlaps ${other.text} of underlay segment ${segment.name}`;
      yield aboutValue(path, message, 'take a prefix that the underlay does not use');
    }
  }
}

/** The schema lets through what any encapsulation can have. */
function* checkKey({ path, encapsulation, vni }: DraftNetwork): Generator<Complaint> {
  if (encapsulation === undefined || vni === undefined) return;
  const { noun, first, last } = encapsulation.key;
  if (vni >= first && vni <= last) return;
  const message = `${vni} is not ${noun}, as a network of the type ${encapsulation.name} needs one`;
  yield aboutValue([...path, 'vni'], message, `a number from ${first} to ${last}`);
}

function* checkHub(draft: Draft, network: DraftNetwork): Generator<Complaint> {
  const names = draft.hosts.map((host) => host.name);
  if (network.hub === undefined || names.includes(network.hub.value)) return;
  yield aboutValue(network.hub.path, `there is no host ${network.hub.text}`, suggestion(network.hub.text, names));
}

function* checkMtu(draft: Draft, network: DraftNetwork): Generator<Complaint> {
  const room = roomIn(draft, network);
  const path = [...network.path, 'mtu'];
  if (room !== null && network.mtu !== undefined && network.mtu > room.mtu) {
    const message = `an MTU of ${network.mtu} leaves no room for ${room.title} in an underlay of ${room.underlayMtu}`;
    const fix = `use ${room.mtu} or less, or raise the underlay's \`mtu\` to ${network.mtu + room.overhead}`;
    yield aboutValue(path, message, fix);
  }
  const mtu = network.mtu ?? room?.mtu;
  const hasIpv6 = network.prefixes.some((prefix) => prefix.value.ip.family === 6);
  if (hasIpv6 && mtu !== undefined && mtu < IPV6_MINIMUM_MTU) {
    const message = `IPv6 does not work in network ${network.name} with an MTU of ${mtu}`;
    const fix = `use ${IPV6_MINIMUM_MTU} or more (RFC 8200 §5), or leave the IPv6 prefix out`;
    yield network.mtu === undefined ? aboutKey(network.path, message, fix) : aboutValue(path, message, fix);
  }
}

/** null: the file does not say enough. */
function roomIn(draft: Draft, { encapsulation }: DraftNetwork): (OverlayRoom & { readonly title: string }) | null {
  const used = new Set(draft.hosts.map((host) => host.underlay));
  const mtus = draft.segments.flatMap((segment) =>
    used.has(segment.name) && segment.mtu !== undefined ? [segment.mtu] : [],
  );
  const family = draft.hosts.flatMap((host) => host.addresses.slice(0, 1))[0]?.value.family;
  if (mtus.length === 0 || family === undefined || encapsulation === undefined) return null;
  return { ...overlayRoom(encapsulation, { mtus, family }), title: encapsulation.title };
}
