import type { DiskCopy } from '../model/disk-copy.js';

/** The images of one host, as a migration that takes disks along needs them. */
export interface Images {
  /**
   * At the destination: an empty image, of which is known that it is on its way. @throws VxmigError where there is no
   * room, or something is there already; nothing is left then
   */
  receive(copy: DiskCopy): Promise<void>;
  /** At the destination: what `receive` has made goes; nothing is done where it did not come to that. */
  discard(copy: DiskCopy): Promise<void>;
  /** At the destination, when the VM has come: it is the VM's image now, on the storage and marked so. */
  keep(copy: DiskCopy): Promise<void>;
  /** At the source, when the VM has gone: vxmig's own image goes. */
  remove(copy: DiskCopy): Promise<void>;
}
