import { setTimeout as sleep } from 'node:timers/promises';
import { isUp } from '../host/reach.js';
import type { Emit } from '../model/event.js';
import { probePortName } from '../model/names.js';
import { probePaths } from '../model/probe-path.js';
import { shellLine } from '../model/quote.js';
import type { Topology } from '../model/topology.js';
import { domainOf } from '../plan/desired-vms.js';
import { consoleLog } from '../plan/domain-xml.js';
import type { Controller } from './controller.js';

const RETRY_MS = 100;
/** How often it is looked at what a guest has printed; it costs a command. */
const CONSOLE_MS = 2_000;
/** One that starts again and again prints for ever. */
const AT_MOST = 10;

interface GuestsAwaited {
  readonly topology: Topology;
  /** Names of VMs. */
  readonly started: readonly string[];
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Since a guest has shown the last sign of life: an answer is waited for as long as its console goes on. */
  readonly timeoutMs: number;
}

/**
 * Waits until VMs that were started a short time ago answer the hosts that watch them: who calls verify or migrate next
 * expects a guest, not one that still boots. One that never answers is a warning, because apply has done its part.
 */
export async function awaitGuests(
  controller: Controller,
  { topology, started, emit, signal, timeoutMs }: GuestsAwaited,
): Promise<void> {
  const paths = topology.probes.flatMap((probe) => {
    if (probe.from.kind !== 'host' || !started.includes(probe.to)) return [];
    return probePaths(topology, probe).flatMap(({ network, pairs }) =>
      pairs.map(({ target }) => ({ from: probe.from.name, to: probe.to, network, address: target })),
    );
  });
  await Promise.all(
    paths.map(async ({ from, to, network, address }) => {
      const { shell } = controller.session(from);
      const namespace = probePortName(topology.name, network, from);
      const console = consoleOfGuest(controller, topology, to);
      const begun = performance.now();
      let deadline = begun + timeoutMs;
      while (!(await isUp(shell, address, namespace))) {
        signal.throwIfAborted();
        if (await console.hasGrown())
          deadline = Math.min(performance.now(), begun + (AT_MOST - 1) * timeoutMs) + timeoutMs;
        if (performance.now() > deadline) {
          emit({
            kind: 'warning',
            text:
              `${to} was started, but does not answer ${from} at ${address}: ${consoleOf(topology, to)} shows ` +
              'whether it has booted',
          });
          return;
        }
        await sleep(RETRY_MS);
      }
    }),
  );
}

/** Whether it has printed something since the last look. */
function consoleOfGuest(
  controller: Controller,
  { vms }: Topology,
  name: string,
): { readonly hasGrown: () => Promise<boolean> } {
  const vm = vms.find((candidate) => candidate.name === name);
  let [size, looked] = ['', performance.now()];
  return {
    hasGrown: async () => {
      if (vm === undefined || vm.source.kind !== 'image' || performance.now() - looked < CONSOLE_MS) return false;
      looked = performance.now();
      const argv = ['stat', '-c', '%s', consoleLog(domainOf(vm))];
      const before = size;
      size = (await controller.session(vm.host).shell.run(argv, { accept: [0, 1] })).stdout;
      return size !== before;
    },
  };
}

function consoleOf({ vms }: Topology, name: string): string {
  const vm = vms.find((candidate) => candidate.name === name);
  if (vm === undefined) throw new Error(`no VM ${name}`);
  return `\`${shellLine(['virsh', 'console', domainOf(vm)])}\` on ${vm.host}`;
}
