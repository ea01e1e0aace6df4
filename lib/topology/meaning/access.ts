import { contains, parsePrefix } from '../../model/address.js';
import type { AccessEnd } from '../../model/topology.js';
import { accessEnd, portRange, writtenEnds } from '../build-access.js';
import { aboutKey, aboutValue, type Complaint, type Path } from '../complaint.js';
import type { Draft, DraftRule, DraftVm } from '../draft.js';
import { shapeAt } from '../shapes.js';
import { suggestion } from '../suggest.js';
import { familyName } from './prefixes.js';

/** A rule that is right in itself; those that are not are compared with no other. */
interface Known {
  readonly place: number;
  readonly from: AccessEnd;
  readonly to: AccessEnd;
  readonly protocol: string;
  readonly ports: { readonly first: number; readonly last: number } | null;
}

/** Whose list it is: a network's or a VM's. */
interface Owner {
  readonly kind: 'network' | 'vm';
  readonly name: string;
}

/** Access rules: what they name, and whether they can ever decide. */
export function* checkAccess(draft: Draft): Generator<Complaint> {
  for (const { name, acl } of draft.networks) yield* checkList(draft, { kind: 'network', name }, acl);
  for (const { name, acl } of draft.vms) yield* checkList(draft, { kind: 'vm', name }, acl);
}

function* checkList(draft: Draft, owner: Owner, rules: readonly DraftRule[]): Generator<Complaint> {
  const earlier: Known[] = [];
  for (const [index, rule] of rules.entries()) {
    if (!rule.complete) continue;
    const complaints = [...checkPorts(rule), ...checkEnds(draft, owner, rule)];
    yield* complaints;
    if (complaints.length > 0) continue;
    const known = resolve(draft, owner, rule, index + 1);
    const whole = earlier.find((other) => takesAllOf(other, known));
    if (whole !== undefined) {
      const message = `the rule can never decide: rule ${whole.place} takes all that it would`;
      yield aboutValue(rule.path, message, `move it before rule ${whole.place}, or remove it`);
    }
    earlier.push(known);
  }
}

function* checkPorts({ path, port, protocol = 'any' }: DraftRule): Generator<Complaint> {
  if (port === undefined) return;
  const place = [...path, 'port'];
  const { first, last } = portRange(port);
  if (protocol !== 'tcp' && protocol !== 'udp') {
    const fix = 'add `protocol: tcp` or `protocol: udp`, or leave the port out';
    yield aboutKey(place, `\`port\` means nothing with protocol ${protocol}`, fix);
  } else if (first > 65535 || last > 65535) {
    yield aboutValue(place, `${port} is not ${shapeAt(place).noun}`, shapeAt(place).fix);
  } else if (first > last) {
    yield aboutValue(place, `the range ${port} ends before it begins`, `write \`port: ${last}-${first}\``);
  }
}

function* checkEnds(draft: Draft, owner: Owner, rule: DraftRule): Generator<Complaint> {
  const unknown = (['from', 'to'] as const).flatMap((key) => [...checkEnd(draft, owner, rule, key)]);
  yield* unknown;
  if (unknown.length > 0) return;
  const { from, to } = resolve(draft, owner, rule, 0);
  if (owner.kind === 'vm' && ![from, to].some((end) => isVm(end, owner.name))) {
    const message = `the rule is not about VM ${owner.name}`;
    yield aboutValue(rule.path, message, 'leave `from` or `to` out, or write it into the network’s `acl`');
  } else if (from.kind === 'vm' && isVm(to, from.name)) {
    yield aboutValue(rule.path, `nothing goes from VM ${from.name} to itself over a network`, 'name another end');
  }
  const families = [from, to].map(familyOf);
  if (families[0] !== null && families[1] !== null && families[0] !== families[1]) {
    const message = 'no packet is from an address of one family to one of the other';
    yield aboutValue(rule.path, message, `${familyName(4)} and ${familyName(6)} need a rule each`);
  }
}

function* checkEnd(draft: Draft, owner: Owner, rule: DraftRule, key: 'from' | 'to'): Generator<Complaint> {
  const text = rule[key];
  if (text === undefined) return;
  const path: Path = [...rule.path, key];
  const end = accessEnd(text, namesOf(draft));
  const prefix = parsePrefix(text);
  if (end === null) {
    const names = [...draft.vms, ...draft.hosts].map(({ name }) => name);
    const isAddress = /[.:/]/.test(text);
    const fix = isAddress ? shapeAt(path).fix : suggestion(text, ['any', ...names]);
    yield aboutValue(path, isAddress ? `${text} is not an address or prefix` : `there is no VM or host ${text}`, fix);
  } else if (prefix !== null && end.kind === 'prefix' && parsePrefix(end.prefix)?.ip.value !== prefix.ip.value) {
    yield aboutValue(path, `${text} has host bits set`, `write \`${end.prefix}\``);
  } else if (owner.kind === 'network' && end.kind === 'vm' && !isIn(draft, end.name, owner.name)) {
    yield aboutValue(path, `VM ${text} has no NIC in network ${owner.name}`, 'the rule could never decide: remove it');
  } else if (owner.kind === 'vm' && end.kind === 'vm' && !meet(draft, owner.name, end.name)) {
    const message = `VMs ${owner.name} and ${text} have no network in common`;
    yield aboutValue(path, message, 'the rule could never decide: remove it');
  } else if (end.kind === 'host' && !networksOf(draft, owner).some((network) => probes(draft, text, network))) {
    const message =
      `host ${text} has no port in ` + `${owner.kind === 'network' ? `network ${owner.name}` : 'a network of the VM'}`;
    yield aboutValue(path, message, 'only a host that probes there has one: add a probe, or name an address');
  }
}

function resolve(draft: Draft, owner: Owner, rule: DraftRule, place: number): Known {
  const { from, to } = writtenEnds(rule, owner.kind === 'vm' ? owner.name : null);
  const end = (text: string): AccessEnd => accessEnd(text, namesOf(draft)) ?? { kind: 'any' };
  return {
    place,
    from: end(from),
    to: end(to),
    protocol: rule.protocol ?? 'any',
    ports: rule.port === undefined ? null : portRange(rule.port),
  };
}

function takesAllOf(one: Known, other: Known): boolean {
  return (
    covers(one.from, other.from) &&
    covers(one.to, other.to) &&
    (one.protocol === 'any' || one.protocol === other.protocol) &&
    (one.ports === null ||
      (other.ports !== null && one.ports.first <= other.ports.first && other.ports.last <= one.ports.last))
  );
}

/** Who is known by a MAC is in no prefix: what it sends may have any address of its own. */
function covers(one: AccessEnd, other: AccessEnd): boolean {
  if (one.kind === 'any') return true;
  if (one.kind !== 'prefix' || other.kind !== 'prefix')
    return one.kind === other.kind && 'name' in one && 'name' in other && one.name === other.name;
  const [outer, inner] = [parsePrefix(one.prefix), parsePrefix(other.prefix)];
  return outer !== null && inner !== null && outer.length <= inner.length && contains(outer, inner.ip);
}

function isVm(end: AccessEnd, name: string): boolean {
  return end.kind === 'vm' && end.name === name;
}

function familyOf(end: AccessEnd): 4 | 6 | null {
  return end.kind === 'prefix' ? (parsePrefix(end.prefix)?.ip.family ?? null) : null;
}

function namesOf(draft: Draft) {
  const named = (items: readonly { readonly name: string }[]) =>
    Object.fromEntries(items.map(({ name }) => [name, true]));
  return { hosts: named(draft.hosts), vms: named(draft.vms) };
}

/** Where a NIC's network is not known, it may be this one. */
function isIn(draft: Draft, vm: string, network: string): boolean {
  const isKnown = (name: string | undefined) => draft.networks.some((candidate) => candidate.name === name);
  return draft.vms.some(
    ({ name, nics }) => name === vm && nics.some((nic) => nic.network === network || !isKnown(nic.network)),
  );
}

function meet(draft: Draft, one: string, other: string): boolean {
  return draft.networks.some(({ name }) => isIn(draft, one, name) && isIn(draft, other, name));
}

function networksOf(draft: Draft, owner: Owner): string[] {
  if (owner.kind === 'network') return [owner.name];
  return draft.networks.map(({ name }) => name).filter((name) => isIn(draft, owner.name, name));
}

/** Of what VMs ping, the first host asks them to. */
function probes(draft: Draft, host: string, network: string): boolean {
  const isFirst = draft.hosts[0]?.name === host;
  const isAsked = (from: string | undefined) => isFirst && draft.vms.some((vm: DraftVm) => vm.name === from);
  return draft.probes.some(
    ({ from, to }) => (from === host || isAsked(from)) && to !== undefined && isIn(draft, to, network),
  );
}
