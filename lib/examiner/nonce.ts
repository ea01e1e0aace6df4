import { randomBytes } from 'node:crypto';

/** iputils' ping fills packets with a pattern of up to 16 bytes (ping(8), -p). */
const NONCE_BYTES = 16;

/** What pings carry so that they are known again, as hexadecimal digits: nobody can have sent it before. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/** A display filter: of echo requests and replies only those that carry it. Inner headers count as outer ones do. */
export function ofNonce(nonce: string): string {
  const bytes = nonce.match(/../g)?.join(':') ?? '';
  return `(!(icmp.type in {0, 8}) && !(icmpv6.type in {128, 129}) || frame contains ${bytes})`;
}
