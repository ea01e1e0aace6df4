import { connect } from 'node:net';

/**
 * A client of the guest's TCP echo, run inside a probe's network: node tcp-stream.js ADDRESS PORT. It sends a stream of numbered words and
 * compares each byte that comes back with the one that belongs there; it says `first reply` when it is under way, and when its
 * standard input ends it waits for what is outstanding and prints what it has seen, as JSON.
 */
const [address = '', port = ''] = process.argv.slice(2);
const CHUNK_BYTES = 1024;
const INTERVAL_MS = 5;
/** The stream must go on in both directions: no more than this is left unanswered. */
const WINDOW_BYTES = 64 * 1024;

const seen = { sentBytes: 0, receivedBytes: 0, wrongBytes: 0, longestSilenceMs: 0, error: '' };
let lastReplyMs = 0;
let ending = false;

const socket = connect({ host: address, port: Number(port) });
const timer = setInterval(send, INTERVAL_MS);
socket.on('data', receive);
socket.on('error', (error) => {
  seen.error = error.message;
});
socket.on('close', () => {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
});
process.stdin.resume();
process.stdin.on('end', () => {
  ending = true;
  socket.end();
});

function send(): void {
  if (ending || seen.sentBytes - seen.receivedBytes > WINDOW_BYTES) return;
  socket.write(Buffer.from(Array.from({ length: CHUNK_BYTES }, (_, index) => byteAt(seen.sentBytes + index))));
  seen.sentBytes += CHUNK_BYTES;
}

function receive(data: Buffer): void {
  const nowMs = performance.now();
  if (lastReplyMs === 0) process.stdout.write('first reply\n');
  else seen.longestSilenceMs = Math.max(seen.longestSilenceMs, nowMs - lastReplyMs);
  lastReplyMs = nowMs;
  for (const [index, byte] of data.entries()) {
    if (byte !== byteAt(seen.receivedBytes + index)) seen.wrongBytes += 1;
  }
  seen.receivedBytes += data.length;
}

/** The byte at an offset of the stream: of the number of its four-byte word, mixed so that a shift can't go unnoticed. */
function byteAt(offset: number): number {
  const mixed = Math.imul((offset >>> 2) + 1, 2654435761);
  return (mixed >>> (8 * (offset & 3))) & 0xff;
}
