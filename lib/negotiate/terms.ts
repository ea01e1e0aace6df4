import type { Proposal } from './configuration.js';
import type { Term } from './term.js';
import { BLOCK_DRIVER } from './terms/block-driver.js';
import { CPU } from './terms/cpu.js';
import { ACCELERATION, EMULATOR, MACHINE, QEMU } from './terms/hypervisor.js';
import { HOST_ADDRESS, HOST_NAME, HOST_UUID } from './terms/identity.js';
import { MIGRATION_PORT } from './terms/migration-port.js';
import { DATAPATH, MTU, TAP_OFFLOADS } from './terms/network.js';
import { CLOCK, HUGE_PAGES, MEMORY, USERFAULTFD } from './terms/resources.js';

/** Whether the VM fits at all: what both ends are, which nobody changes for one move. */
export const REQUEST_TERMS: readonly Term[] = [
  EMULATOR,
  ACCELERATION,
  MACHINE,
  QEMU,
  BLOCK_DRIVER,
  CPU,
  DATAPATH,
  MTU,
  TAP_OFFLOADS,
  HOST_UUID,
  HOST_NAME,
  HOST_ADDRESS,
  HUGE_PAGES,
];

/** Whether it can be done now, and in the way that is proposed. */
export const CONFIGURATION_TERMS: readonly Term<Proposal>[] = [MEMORY, MIGRATION_PORT, USERFAULTFD, CLOCK];
