import { readFile } from 'node:fs/promises';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { localPath } from './local-files.js';

/** sshd(8), "AUTHORIZED_KEYS FILE FORMAT": the kind of a key comes first, where there are no options. */
const KEY = /^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+/;

/**
 * The topology with public keys in place of the paths of files that hold one, and with `more` for all guests.
 *
 * @param file the topology's, from whose directory a path counts
 * @throws VxmigError NOT_FOUND, TOPOLOGY_INVALID for a file that is not there, or holds something else: a private key
 *   must not get into a guest
 */
export async function withSshKeys(topology: Topology, file: string, more: readonly string[] = []): Promise<Topology> {
  return { ...topology, vms: await Promise.all(topology.vms.map((vm) => withKeysOf(vm, file, more))) };
}

async function withKeysOf(vm: Vm, file: string, more: readonly string[]): Promise<Vm> {
  if (vm.source.kind !== 'image' || vm.disks.length === 0) return vm;
  const { machine } = vm.source;
  const own = await Promise.all(machine.sshKeys.map((written) => keyOf(vm.name, written, file)));
  return { ...vm, source: { ...vm.source, machine: { ...machine, sshKeys: [...new Set([...own, ...more])] } } };
}

async function keyOf(vm: string, written: string, file: string): Promise<string> {
  if (KEY.test(written)) return written;
  const path = localPath(written, file);
  const where = `sshKeys of VM ${vm}`;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new VxmigError('NOT_FOUND', `${where}: ${path} cannot be read: ${messageOf(error)}`, { where });
  });
  const key = text.trim();
  if (KEY.test(key) && !key.includes('\n')) return key;
  throw new VxmigError('TOPOLOGY_INVALID', `${where}: ${path} holds no public key`, {
    where,
    hint: 'One key in one line, as `ssh-keygen` writes it to a file that ends in .pub.',
  });
}
