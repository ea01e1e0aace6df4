import t from 'tap';
import { fingerprintOf, preferredAlgorithms, sameFingerprint } from '../../../lib/host/host-key.js';

/** As sshd sends it and known_hosts holds it, in base64: type and key, each with its length. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

t.test('fingerprints are those of ssh-keygen -l', async (t) => {
  // github.com's, as GitHub publishes it.
  t.equal(fingerprintOf(Buffer.from(KEY, 'base64')), 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  t.ok(sameFingerprint('SHA256:abc', 'SHA256:abc='), 'padding does not matter');
  t.notOk(sameFingerprint('SHA256:abc', 'SHA256:abd'));
  t.notOk(sameFingerprint('SHA256:abc', 'SHA256:abcd'));
});

t.test('the kinds of which a key is known are asked for first', async (t) => {
  const rsa = Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from('ssh-rsa'), Buffer.from([0, 0, 0, 1, 3])]);
  t.strictSame(preferredAlgorithms([rsa]).slice(0, 3), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  t.equal(preferredAlgorithms([rsa, Buffer.from(KEY, 'base64')])[0], 'ssh-ed25519');
  t.equal(preferredAlgorithms([])[0], 'ssh-ed25519');
  t.equal(preferredAlgorithms([Buffer.from('x')])[0], 'ssh-ed25519', 'nonsense is no kind');
});
