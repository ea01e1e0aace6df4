import type { LabDaemon } from './daemons.js';
import { asking } from './daemons.js';
import type { HostFile } from './host-files.js';
import type { StorageServer } from './storage-servers.js';

const CONFIGURATION = '/etc/ganesha/vxmig.conf';

/**
 * nfs-ganesha in userspace, as no kernel is asked what it can: NFSv3 over TCP, which is what QEMU's driver speaks
 * (libnfs), with the port mapper that this asks first. No lock manager: that driver locks nothing.
 */
export const STORAGE_DAEMONS: readonly LabDaemon[] = [
  {
    name: 'rpcbind',
    after: null,
    start: 'mkdir -p /run/rpcbind && exec rpcbind',
    ask: asking('rpcinfo', '-T', 'tcp', '127.0.0.1', '100000', '4'),
    log: 'init.log',
  },
  {
    name: 'ganesha.nfsd',
    after: 'rpcbind',
    // It opens files by their handles, which only who may read everything can (open_by_handle_at(2)).
    keeps: ['dac_read_search'],
    start: `exec ganesha.nfsd -f ${CONFIGURATION} -L /var/log/ganesha.log -p /run/ganesha.pid -N NIV_EVENT`,
    ask: asking('rpcinfo', '-T', 'tcp', '127.0.0.1', '100003', '3'),
    log: 'ganesha.log',
  },
];

/**
 * What the server exports, to whoever reaches it: these are the lab's hosts. It keeps no attributes in mind, for people
 * put images into the directory behind its back.
 */
export function ganeshaFile({ exports }: Pick<StorageServer, 'exports'>): HostFile {
  const content = `NFS_CORE_PARAM { Protocols = 3, 4; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }
NFSv4 { Graceless = true; Only_Numeric_Owners = true; }
EXPORT_DEFAULTS {
  Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Protocols = 3, 4; Transports = TCP;
  Attr_Expiration_Time = 0;
}
${exports.map(exportBlock).join('')}`;
  return { path: CONFIGURATION, content, mode: 0o644 };
}

function exportBlock({ path }: StorageServer['exports'][number], index: number): string {
  return `EXPORT { Export_Id = ${index + 1}; Path = "${path}"; Pseudo = "${path}"; FSAL { Name = VFS; } }\n`;
}
