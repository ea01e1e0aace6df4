import { STORAGE_KINDS } from '../../storage/registry.js';
import { aboutKey, aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftVm } from '../draft.js';
import type { DraftStorage } from '../draft-storage.js';
import { suggestion } from '../suggest.js';

/** Keys that only say something of a guest whose definition vxmig writes. */
const OF_OWN_GUESTS = ['upload', 'disks', 'cpu', 'machine', 'firmware', 'sshKeys'];
/** What the lab's own guest has no use for: it has no disk, no firmware, no sshd. */
const NOT_OF_MICRO = ['upload', 'disks', 'firmware', 'sshKeys'];

const EXAMPLE = 'add `storage: {pool: {kind: shared, path: /srv/vms}}`, a directory that all hosts have mounted';

/** Where disks lie, and which disks there are. */
export function* checkStorage(draft: Draft): Generator<Complaint> {
  for (const storage of draft.storage) {
    yield* checkKeys(storage);
    if (storage.kind === 'nfs') yield* checkMount(storage);
  }
  for (const vm of draft.vms) {
    yield* checkGuestKeys(vm);
    yield* checkDisks(draft, vm);
  }
}

function* checkKeys({ path, name, kind, keys }: DraftStorage): Generator<Complaint> {
  const known = STORAGE_KINDS.find((candidate) => candidate.name === kind);
  if (known === undefined) return;
  for (const key of known.needs) {
    if (keys.includes(key)) continue;
    yield aboutKey(path, `storage ${name} is \`kind: ${known.name}\`, and lacks \`${key}\``, `add \`${key}: …\``);
  }
  for (const key of keys) {
    if (key === 'kind' || [...known.needs, ...known.knows].some((one) => one === key)) continue;
    const whose = STORAGE_KINDS.filter(({ needs, knows }) => [...needs, ...knows].some((one) => one === key));
    if (whose.length === 0) continue;
    const names = whose.map((one) => `\`kind: ${one.name}\``).join(' and ');
    yield aboutKey(
      [...path, key],
      `storage ${name} is \`kind: ${known.name}\`, which has no \`${key}\``,
      `that is of ${names}: leave it out, or change the kind`,
    );
  }
}

/** Of nfs(5) and mount(8): what a guest would take for a broken disk, and what is no mount of the export. */
const REFUSED_OPTIONS = ['soft', 'softerr', 'ro', 'bg', 'bind', 'rbind', 'move', 'remount'];

function* checkMount({ path, name, client, options, keys }: DraftStorage): Generator<Complaint> {
  if (client === 'kernel' && !keys.includes('path')) {
    yield aboutKey(
      path,
      `storage ${name} has \`client: kernel\`, and lacks \`path\``,
      'add `path: /srv/vms`, where each host is to mount it',
    );
  }
  if (client !== 'kernel' && keys.includes('options')) {
    const fix = 'add `client: kernel`, or leave it out';
    yield aboutKey(
      [...path, 'options'],
      `storage ${name} is not mounted by any host: \`options\` changes nothing`,
      fix,
    );
  }
  const refused = options?.split(',').find((option) => REFUSED_OPTIONS.includes(option));
  if (refused !== undefined) {
    const message = `storage ${name} cannot be mounted with \`${refused}\`: guests must be able to write, and wait`;
    yield aboutValue([...path, 'options'], message, 'leave it out');
  }
}

function* checkGuestKeys({ path, name, domain, image, isUploaded, firmware, keys }: DraftVm): Generator<Complaint> {
  const refused = domain !== undefined ? OF_OWN_GUESTS : image === 'micro' ? NOT_OF_MICRO : [];
  const whose = domain !== undefined ? 'a domain that libvirt has already' : '`image: micro`, which has no disk';
  for (const key of refused) {
    if (!keys.includes(key)) continue;
    yield aboutKey(
      [...path, key],
      `VM ${name} is ${whose}: \`${key}\` changes nothing there`,
      'leave it out, or say `image: debian` or a path',
    );
  }
  if (image === 'debian' && firmware === 'uefi') {
    const fix = 'leave `firmware` out, or name an image that boots by UEFI';
    yield aboutValue([...path, 'firmware'], `VM ${name} has \`image: debian\`, which boots by BIOS`, fix);
  }
  if (image === 'debian' && keys.includes('upload')) {
    const fix = 'leave it out: where a host lacks that image, it is sent there anyway';
    yield aboutKey([...path, 'upload'], `VM ${name} has \`image: debian\`, of which there is no file to name`, fix);
  }
  if (image !== undefined && /^[.~]/.test(image) && !isUploaded) {
    yield aboutValue(
      [...path, 'image'],
      `VM ${name}: ${image} is relative, and no host knows to what`,
      'write the whole path, as it is on the host; for a file on this machine add `upload: true`',
    );
  }
}

function* checkDisks({ storage }: Draft, vm: DraftVm): Generator<Complaint> {
  const hasDisks = vm.domain === undefined && vm.image !== undefined && vm.image !== 'micro';
  if (!hasDisks) return;
  const names = storage.map(({ name }) => name);
  const disks = vm.keys.includes('disks') ? vm.disks : [{ path: [...vm.path, 'image'], storage: undefined, size: '' }];
  for (const [index, disk] of disks.entries()) {
    const what = `disk ${index + 1} of VM ${vm.name}`;
    if (disk.storage !== undefined) {
      if (names.includes(disk.storage)) continue;
      const fix = names.length === 0 ? EXAMPLE : suggestion(disk.storage, names);
      yield aboutValue([...disk.path, 'storage'], `there is no storage ${disk.storage}`, fix);
    } else if (names.length !== 1) {
      const message = `${what} names no \`storage\`, and the file has ${names.length === 0 ? 'none' : 'several'}`;
      const fix = names.length === 0 ? EXAMPLE : `add \`storage:\` ${names.join(' or ')}`;
      yield aboutKey(disk.path, message, fix);
    }
    if (index > 0 && disk.size === undefined) {
      yield aboutKey(disk.path, `${what} has no \`size\`, and no image to take it from`, 'add `size: 2GiB`');
    }
  }
}
