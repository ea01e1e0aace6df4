import { EXPECTED_OF_QEMU } from './expected-qemu.js';
import { EXPECTED_OF_XEN } from './expected-xen.js';

export interface Expected {
  readonly source: 'xen' | 'qemu';
  /** `NAME MEMORY VCPUS`, and each NIC as `NETWORK MAC`. */
  readonly vm: string;
  readonly nics: readonly string[];
  /** In libvirt's words, each NIC as `TYPE MODEL`, each disk as `TARGET DEVICE SOURCE`. */
  readonly interfaces: readonly string[];
  readonly disks: readonly string[];
  /** Each is in the definition. */
  readonly holds?: readonly RegExp[];
  /** Each is in what is said to be lost, as it was written. */
  readonly lost: readonly RegExp[];
}

/** What is to come out of each file in fixtures/; word for word, with each message, it is in test/golden/import/. */
export const EXPECTED: Readonly<Record<string, Expected>> = { ...EXPECTED_OF_XEN, ...EXPECTED_OF_QEMU };
