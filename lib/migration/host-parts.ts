import type { VmDriver } from '../compute/driver.js';
import type { Observer } from '../measure/observer.js';
import type { NetworkPath } from '../network/path.js';
import type { Images } from './images.js';

/** A host as a migration needs it: what runs VMs there, what moves frames, what observes, what has images. */
export interface HostParts {
  readonly name: string;
  readonly vms: VmDriver;
  readonly path: NetworkPath;
  readonly observer: Observer;
  readonly images: Images;
}
