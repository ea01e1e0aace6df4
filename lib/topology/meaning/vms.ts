import { contains, firstOf, formatIp, lastOf, type Prefix, sameIp, sizeOf } from '../../model/address.js';
import { aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftNetwork, DraftNic, DraftVm, Sited } from '../draft.js';
import { suggestion } from '../suggest.js';
import { checkOnePerFamily, familyName, prefixOfFamily } from './prefixes.js';

/** VMs and their NICs. */
export function* checkVms(draft: Draft): Generator<Complaint> {
  const hosts = draft.hosts.map((host) => host.name);
  for (const vm of draft.vms) {
    if (vm.host !== undefined && !hosts.includes(vm.host)) {
      yield aboutValue([...vm.path, 'host'], `there is no host ${vm.host}`, suggestion(vm.host, hosts));
    }
    for (const nic of vm.nics) yield* checkNic(draft, nic);
  }
  yield* checkDomainNames(draft);
  yield* checkDomainsUnique(draft);
  yield* checkMacsUnique(draft);
  yield* checkAddressesUnique(draft);
}

function* checkNic(draft: Draft, nic: DraftNic): Generator<Complaint> {
  if (nic.mac !== undefined) yield* checkMac(nic.mac, [...nic.path, 'mac']);
  yield* checkOnePerFamily(nic.prefixes, (prefix) => prefix.ip.family);
  if (nic.network === undefined) return;
  const network = draft.networks.find((candidate) => candidate.name === nic.network);
  if (network === undefined) {
    const names = draft.networks.map((candidate) => candidate.name);
    yield aboutValue([...nic.path, 'network'], `there is no network ${nic.network}`, suggestion(nic.network, names));
    return;
  }
  for (const address of nic.prefixes) yield* checkAddress(address, network);
}

function* checkMac(mac: string, path: readonly (string | number)[]): Generator<Complaint> {
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    yield aboutValue(
      path,
      `${mac} is a multicast address`,
      'the first byte must be even: 52:54:00:… is QEMU’s own range',
    );
  } else if (mac === '00:00:00:00:00:00') {
    yield aboutValue(path, `${mac} is nobody’s address`, '52:54:00:… is QEMU’s own range');
  }
}

function* checkAddress(address: Sited<Prefix>, network: DraftNetwork): Generator<Complaint> {
  const { ip, length } = address.value;
  const prefix = prefixOfFamily(network, ip.family);
  if (prefix === undefined) {
    if (!network.complete) return;
    const message = `network ${network.name} has no ${familyName(ip.family)} prefix for ${address.text}`;
    yield aboutValue(address.path, message, 'add one to the network’s `cidr`, or leave this address out');
    return;
  }
  if (!contains(prefix, ip)) {
    const range = `${formatIp(firstOf(prefix))}/${prefix.length}`;
    yield aboutValue(address.path, `${address.text} is outside network ${network.name}`, `take one of ${range}`);
  } else if (length !== prefix.length) {
    const message = `${address.text} has another prefix length than network ${network.name}`;
    yield aboutValue(address.path, message, `write \`${formatIp(ip)}/${prefix.length}\``);
  } else if (sizeOf(prefix) > 2n && sameIp(ip, firstOf(prefix))) {
    const kind = ip.family === 4 ? 'network' : 'subnet-router anycast';
    yield aboutValue(address.path, `${address.text} is the ${kind} address of ${network.name}`, 'take the next one');
  } else if (sizeOf(prefix) > 2n && ip.family === 4 && sameIp(ip, lastOf(prefix))) {
    yield aboutValue(address.path, `${address.text} is the broadcast address of ${network.name}`, 'take one before it');
  }
}

/** virsh takes a number for the one that it gives to a running domain, which may be another. */
function* checkDomainNames(draft: Draft): Generator<Complaint> {
  for (const { domain, path } of draft.vms) {
    if (domain === undefined) continue;
    if (/^\s*[+]?\d+$/.test(domain)) {
      const message =
        `the libvirt domain ${domain} has a number for a name, which virsh takes for the number of a ` +
        'running domain';
      yield aboutValue([...path, 'domain'], message, 'rename it: `virsh domrename UUID NAME`');
    } else if (Buffer.byteLength(domain) > 255) {
      yield aboutValue(
        [...path, 'domain'],
        'the name of a libvirt domain of more than 255 bytes',
        'libvirt makes none',
      );
    }
  }
}

function* checkDomainsUnique(draft: Draft): Generator<Complaint> {
  const owners = new Map<string, string>();
  for (const vm of draft.vms) {
    const owner = vm.domain === undefined ? undefined : owners.get(vm.domain);
    if (owner !== undefined) {
      const message = `libvirt domain ${vm.domain} is VM ${owner} already`;
      yield aboutValue([...vm.path, 'domain'], message, 'each VM is one domain');
    } else if (vm.domain !== undefined) {
      owners.set(vm.domain, vm.name);
    }
  }
}

interface OwnedNic {
  readonly vm: DraftVm;
  readonly nic: DraftNic;
}

function nicsOf(draft: Draft): readonly OwnedNic[] {
  return draft.vms.flatMap((vm) => vm.nics.map((nic) => ({ vm, nic })));
}

/** Across networks too: a switch keeps them apart, but announcements, captures and people do not. */
function* checkMacsUnique(draft: Draft): Generator<Complaint> {
  const owners = new Map<string, OwnedNic>();
  for (const owned of nicsOf(draft)) {
    if (owned.nic.mac === undefined) continue;
    const owner = owners.get(owned.nic.mac);
    if (owner === undefined) {
      owners.set(owned.nic.mac, owned);
      continue;
    }
    const where = owner.nic.network === owned.nic.network ? '' : ` (in network ${owner.nic.network ?? '?'})`;
    const message = `${owned.nic.mac} is VM ${owner.vm.name}’s MAC address already${where}`;
    yield aboutValue([...owned.nic.path, 'mac'], message, 'give each NIC its own');
  }
}

function* checkAddressesUnique(draft: Draft): Generator<Complaint> {
  const owners = new Map<string, string>();
  for (const { vm, nic } of nicsOf(draft)) {
    if (nic.network === undefined) continue;
    for (const address of nic.prefixes) {
      const key = `${nic.network} ${formatIp(address.value.ip)}`;
      const owner = owners.get(key);
      if (owner === undefined) {
        owners.set(key, vm.name);
        continue;
      }
      const message = `${formatIp(address.value.ip)} is VM ${owner}’s address in network ${nic.network} already`;
      yield aboutValue(address.path, message, 'give each NIC its own');
    }
  }
}
