import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { hostPort, ROUTER } from '../lab/lab-names.js';
import { findMachine } from '../lab/machine.js';
import { enterNetwork, machineEnvironment } from '../lab/run-inside.js';

const START_TIMEOUT_MS = 20_000;

export interface CaptureRequest {
  readonly lab: string;
  readonly host: string;
  /**
   * Where else than at the host's underlay link: devices in a machine's network namespace, and only what comes in by
   * them.
   */
  readonly place?: { readonly machine: string; readonly interfaces: readonly string[] };
  /** A display filter of tshark. */
  readonly filter: string;
  readonly enough: number;
  readonly timeoutMs: number;
  /** What is to go on meanwhile, again and again. */
  readonly meanwhile: (() => Promise<unknown>) | null;
  readonly signal: AbortSignal;
}

/**
 * How many packets of a host's underlay link the filter lets pass: until `enough` are seen or the time, which counts
 * from the moment of listening, is over. Listened to is the router's end of the link, by the machine's own tshark:
 * nobody in the host can change what is seen.
 * @throws Error where tshark is missing, or does not take the filter
 */
export async function capture(request: CaptureRequest): Promise<number> {
  const router = await findMachine(request.lab, request.place?.machine ?? ROUTER);
  const devices = request.place?.interfaces.flatMap((name) => ['-i', name, '-f', 'inbound']);
  const options = [
    '-n',
    '-l',
    ...(devices ?? ['-i', hostPort(request.host)]),
    '-Y',
    request.filter,
    '-T',
    'fields',
    '-e',
    'frame.number',
  ];
  const [program = 'nsenter', ...rest] = enterNetwork(router, ['tshark', ...options]);
  const child = spawn(program, rest, {
    cwd: '/',
    env: machineEnvironment(router),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(() => undefined);
  ended.catch(() => undefined);
  const stop = new AbortController();
  const over = AbortSignal.any([stop.signal, request.signal]);
  let said = '';
  let seen = 0;
  createInterface({ input: child.stdout }).on('line', () => {
    seen += 1;
    if (seen >= request.enough) stop.abort();
  });
  const started = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096);
      if (STARTED.test(said)) resolve();
    });
  });
  try {
    const isListening = await Promise.race([
      started.then(() => true),
      ended.then(() => false),
      sleep(START_TIMEOUT_MS, false, { signal: over }),
    ]);
    if (!isListening) throw new Error(complaintOf(said));
    const wait = sleep(request.timeoutMs, undefined, { signal: over }).catch(() => undefined);
    // Awaited only when the waiting is over, and then nobody would be there to hear of its failure.
    const traffic = goOn(request.meanwhile, over).then(
      () => null,
      (cause: unknown) => {
        stop.abort();
        return { cause };
      },
    );
    await Promise.race([wait, ended]);
    stop.abort();
    const failure = await traffic;
    request.signal.throwIfAborted();
    if (failure !== null && seen < request.enough) throw failure.cause;
    return seen;
  } finally {
    stop.abort();
    // tshark removes its temporary file then.
    child.kill('SIGINT');
    await ended.catch(() => undefined);
  }
}

/** What tshark says when it listens. */
const STARTED = /Capture started/;

async function goOn(work: CaptureRequest['meanwhile'], over: AbortSignal): Promise<void> {
  while (work !== null && !over.aborted) await work();
}

/**
 * Why tshark does not take a display filter; null: it does, or there is no tshark to ask.
 * @throws Error where tshark cannot be started for another reason
 */
export async function filterFault(filter: string): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'vxmig-filter-'));
  try {
    // tshark does not read from every kind of standard input.
    const file = join(directory, 'empty.pcap');
    await writeFile(file, EMPTY_CAPTURE);
    const options = { reject: false, timeout: START_TIMEOUT_MS } as const;
    const { stderr, exitCode, code } = await execa('tshark', ['-n', '-r', file, '-Y', filter], options);
    return code === 'ENOENT' || exitCode === 0 ? null : complaintOf(stderr);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The header of a pcap file of Ethernet frames, and nothing after it (draft-ietf-opsawg-pcap §4). */
const EMPTY_CAPTURE = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');

function complaintOf(said: string): string {
  const lines = said.split('\n').filter((line) => /^tshark: ./.test(line));
  return lines[0]?.replace(/^tshark: /, '') ?? 'tshark did not begin to listen';
}
