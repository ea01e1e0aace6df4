import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { countedSince, readTcpCounters, type TcpCounters } from './tcp-counters.js';
import type { TcpSeen } from './tcp-watch.js';

/**
 * A client of the guest's TCP echo, run inside a probe's network: node tcp-stream.js ADDRESS PORT steady|bulk. It sends
 * a stream of numbered words, a little all the time or as much as goes through, and compares what comes back with what
 * belongs there; it says `first reply` when it is under way, and when its standard input ends it waits for what is
 * outstanding and prints what it has seen, as JSON.
 */
const [address = '', port = '', pace = 'steady'] = process.argv.slice(2);
/**
 * How much is written at once, and how often (null: whenever there is room). No more than the window is left
 * unanswered: the stream must go on in both directions, and more than that overflows the socket buffers of a switch in
 * userspace, with no migration at all.
 */
const { chunkBytes, intervalMs } =
  pace === 'bulk' ? { chunkBytes: 8 * 1024, intervalMs: null } : { chunkBytes: 1024, intervalMs: 5 };
const WINDOW_BYTES = 64 * 1024;

const seen = { sentBytes: 0, receivedBytes: 0, wrongBytes: 0, longestSilenceMs: 0, error: '' };
const arrivals: { atMs: number; bytes: number }[] = [];
const before = tcpCounters();
let lastReplyMs = 0;
let ending = false;

const socket = connect({ host: address, port: Number(port) });
const timer = intervalMs === null ? null : setInterval(send, intervalMs);
socket.on('connect', fill);
socket.on('data', receive);
socket.on('error', (error) => {
  seen.error = error.message;
});
socket.on('close', () => {
  if (timer !== null) clearInterval(timer);
  const document: TcpSeen = { ...seen, counted: countedSince(before, tcpCounters()), arrivals };
  process.stdout.write(`${JSON.stringify(document)}\n`, () => process.exit(0));
});
process.stdin.resume();
process.stdin.on('end', () => {
  ending = true;
  socket.end();
});

function send(): boolean {
  if (ending || seen.sentBytes - seen.receivedBytes + chunkBytes > WINDOW_BYTES) return false;
  socket.write(streamAt(seen.sentBytes, chunkBytes));
  seen.sentBytes += chunkBytes;
  return true;
}

/** As much as the window takes; what comes back makes room for more. */
function fill(): void {
  while (intervalMs === null && send());
}

function receive(data: Buffer): void {
  const nowMs = performance.now();
  if (lastReplyMs === 0) process.stdout.write('first reply\n');
  else seen.longestSilenceMs = Math.max(seen.longestSilenceMs, nowMs - lastReplyMs);
  lastReplyMs = nowMs;
  arrivals.push({ atMs: Date.now(), bytes: data.length });
  const expected = streamAt(seen.receivedBytes, data.length);
  if (!data.equals(expected)) {
    for (const [index, byte] of data.entries()) if (byte !== expected[index]) seen.wrongBytes += 1;
  }
  seen.receivedBytes += data.length;
  fill();
}

/**
 * The stream's bytes from an offset on: those of the numbers of its four-byte words, mixed so that a shift can't go
 * unnoticed.
 */
function streamAt(offset: number, length: number): Buffer {
  const first = offset >>> 2;
  const words = new Uint32Array(((offset + length + 3) >>> 2) - first);
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(first + index + 1, 2654435761);
  return Buffer.from(words.buffer, offset & 3, length);
}

function tcpCounters(): TcpCounters {
  return readTcpCounters(readFileSync('/proc/self/net/snmp', 'utf8') + readFileSync('/proc/self/net/netstat', 'utf8'));
}
