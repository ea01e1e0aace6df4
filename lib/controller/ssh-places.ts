import { bySshConfig } from '../host/ssh-config.js';
import { readSshConfig } from '../host/ssh-config-files.js';
import type { Topology } from '../model/topology.js';
import { sshOf } from './host-address.js';

/**
 * Real machines, reached as the user's own ssh reaches them; what the topology says counts more. A lab's are where
 * `vxmig lab up` has put them.
 * @throws VxmigError SSH_CONNECT where ~/.ssh/config cannot be followed
 */
export async function bySshConfigOf(topology: Topology): Promise<Topology> {
  const config = await readSshConfig();
  return {
    ...topology,
    hosts: topology.hosts.map((host) => ({ ...host, ssh: bySshConfig(sshOf(host), config, process.env) })),
  };
}
