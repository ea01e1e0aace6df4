import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { QemuObjects } from './objects.js';
import type { Properties } from './properties.js';

/** `-object iothread,id=NAME` of which a disk or its controller says `iothread=NAME`; libvirt counts them from 1. */
export class IoThreads {
  readonly #names: string[] = [];

  constructor(
    private readonly objects: QemuObjects,
    private readonly remarks: Remarks,
  ) {}

  /** The number of the one that a device has; null: none, or none that is known, which stays with the device. */
  take(device: Properties): number | null {
    const name = device.peek('iothread');
    if (name === null) return null;
    if (!this.#names.includes(name)) {
      if (this.objects.peek(name)?.peek('qom-type') !== 'iothread') return null;
      const object = this.objects.take(name);
      object?.take('qom-type', 'id');
      object?.tellRest(this.remarks);
      this.#names.push(name);
    }
    device.take('iothread');
    return this.#names.indexOf(name) + 1;
  }

  tags(): Tag[] {
    return this.#names.length === 0 ? [] : [tag('iothreads', {}, String(this.#names.length))];
  }
}
