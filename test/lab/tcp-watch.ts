import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { TestLab } from './harness.js';
import type { TcpCounters } from './tcp-counters.js';
import type { Arrival } from './tcp-goodput.js';

const CLIENT = fileURLToPath(new URL('./tcp-stream.js', import.meta.url));

export interface TcpSeen {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly wrongBytes: number;
  readonly longestSilenceMs: number;
  readonly error: string;
  /** Of all connections of the namespace that it ran in. */
  readonly counted: TcpCounters;
  readonly arrivals: readonly Arrival[];
}

interface StreamOptions {
  /** A little all the time, or as much as goes through. */
  readonly pace?: 'steady' | 'bulk';
}

/** Opens a TCP connection from a host's probe to a guest's echo port; resolves when the first bytes have come back. */
export async function openStream(
  t: Test,
  lab: TestLab,
  host: string,
  network: string,
  address: string,
  { pace = 'steady' }: StreamOptions = {},
) {
  const argv = await lab.probeArgv(host, network, [process.execPath, CLIENT, address, '7', pace]);
  const [program = '', ...rest] = argv;
  const client = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => client.kill('SIGKILL'));
  const lines = createInterface(client.stdout);
  const [first] = await once(lines, 'line', { signal: AbortSignal.timeout(30_000) });
  if (first !== 'first reply') throw new Error(`the stream from ${host} to ${address} did not begin: ${first}`);
  return {
    /** Resolves when the stream has gone on for so many seconds. */
    flowed: (seconds: number) => sleep(seconds * 1000),
    /** Ends the stream; every byte must be back by then. */
    end: async (): Promise<TcpSeen> => {
      client.stdin.end();
      const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(60_000) });
      return JSON.parse(line);
    },
  };
}

/** Nobody on the connection noticed more than a pause. */
export function isWhole(t: Test, seen: TcpSeen, name: string): void {
  t.equal(seen.error, '', `${name}: the connection was not reset`);
  t.equal(seen.wrongBytes, 0, `${name}: no byte was changed, lost or repeated`);
  t.equal(seen.receivedBytes, seen.sentBytes, `${name}: every byte came back`);
  t.ok(seen.sentBytes > 100_000, `${name}: it was in use all the time (${seen.sentBytes} bytes)`);
}
