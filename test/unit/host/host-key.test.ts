import { createHmac, randomBytes } from 'node:crypto';
import t from 'tap';
import { fingerprintOf, knownKeys, preferredAlgorithms, sameFingerprint } from '../../../lib/host/host-key.js';

/** As sshd sends it and known_hosts holds it, in base64: type and key, each with its length. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const OTHER = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ1S2ZrB1p3HhJx0mGvUQm9wqYqVbqf0mN4gXyq2xw0m';

function found(knownHosts: string, address = '192.0.2.7', port = 22): string[] {
  return knownKeys(knownHosts, address, port).map((key) => key.toString('base64'));
}

/** A name as `HashKnownHosts yes` writes it (sshd(8)). */
function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

t.test('fingerprints are those of ssh-keygen -l', async (t) => {
  // github.com's, as GitHub publishes it.
  t.equal(fingerprintOf(Buffer.from(KEY, 'base64')), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  t.ok(sameFingerprint('SHA256:abc', 'SHA256:abc='), 'padding does not matter');
  t.notOk(sameFingerprint('SHA256:abc', 'SHA256:abd'));
  t.notOk(sameFingerprint('SHA256:abc', 'SHA256:abcd'));
});

t.test('a plain entry counts for its names and its port only', async (t) => {
  const file = `# comment\n\nhost-a,192.0.2.7 ssh-ed25519 ${KEY} somebody\n[192.0.2.7]:2222 ssh-ed25519 ${OTHER}\n`;
  t.strictSame(found(file), [KEY]);
  t.strictSame(found(file, 'host-a'), [KEY]);
  t.strictSame(found(file, '192.0.2.7', 2222), [OTHER]);
  t.strictSame(found(file, '192.0.2.70'), []);
  t.strictSame(found(file, 'host-a', 2222), []);
});

t.test('hashed entries are found', async (t) => {
  const file = `${hashed('192.0.2.9')} ssh-ed25519 ${OTHER}\n${hashed('192.0.2.7')} ssh-ed25519 ${KEY}\n${hashed('[192.0.2.7]:2222')} ssh-rsa ${OTHER}\n`;
  t.strictSame(found(file), [KEY]);
  t.strictSame(found(file, '192.0.2.7', 2222), [OTHER]);
  t.strictSame(found(file, '192.0.2.8'), []);
});

t.test('every key of a host counts; another key does not', async (t) => {
  const file = `192.0.2.7 ssh-ed25519 ${KEY}\n192.0.2.7 ssh-ed25519 ${OTHER}\n`;
  t.strictSame(found(file), [KEY, OTHER]);
  t.notOk(
    knownKeys(`192.0.2.7 ssh-ed25519 ${KEY}\n`, '192.0.2.7', 22).some((key) =>
      key.equals(Buffer.from(OTHER, 'base64')),
    ),
  );
});

t.test('revoked keys and certificate authorities are not trusted as keys; nonsense is passed over', async (t) => {
  const file = `@revoked 192.0.2.7 ssh-ed25519 ${KEY}\n@cert-authority 192.0.2.7 ssh-ed25519 ${KEY}\n192.0.2.7\n|1|x ssh-ed25519 ${KEY}\n`;
  t.strictSame(found(file), []);
});

t.test('a revoked key is not trusted by another line either', async (t) => {
  t.strictSame(found(`192.0.2.7 ssh-ed25519 ${KEY}\n@revoked * ssh-ed25519 ${KEY}\n192.0.2.7 ssh-ed25519 ${OTHER}\n`), [
    OTHER,
  ]);
});

t.test('the kinds of which a key is known are asked for first', async (t) => {
  const rsa = Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from('ssh-rsa'), Buffer.from([0, 0, 0, 1, 3])]);
  t.strictSame(preferredAlgorithms([rsa]).slice(0, 3), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  t.equal(preferredAlgorithms([rsa, Buffer.from(KEY, 'base64')])[0], 'ssh-ed25519');
  t.equal(preferredAlgorithms([])[0], 'ssh-ed25519');
  t.equal(preferredAlgorithms([Buffer.from('x')])[0], 'ssh-ed25519', 'nonsense is no kind');
});
