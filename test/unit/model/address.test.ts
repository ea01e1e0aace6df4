import fc from 'fast-check';
import t from 'tap';
import {
  asHostPrefix,
  contains,
  firstOf,
  formatIp,
  formatPrefix,
  lastOf,
  linkLocalOf,
  overlap,
  parseIp,
  parsePrefix,
  sizeOf,
} from '../../../lib/model/address.js';

t.test('addresses go to text and back', async () => {
  fc.assert(fc.property(fc.ipV4(), (text) => formatIp(parseIp(text) ?? fail(text)) === text));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
      const parsed = parseIp(formatIp({ family: 6, value }));
      return parsed?.family === 6 && parsed.value === value;
    }),
  );
});

t.test('what is not an address in full is refused', async (t) => {
  for (const text of ['10.1', '010.0.0.1', '0x0a.0.0.1', '1.2.3.4.5', '256.0.0.1', 'fe80::1%eth0', '::g', '', 'host']) {
    t.equal(parseIp(text), null, text);
  }
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0.0/8/8', '10.0.0.0/-1']) {
    t.equal(parsePrefix(text), null, text);
  }
});

t.test('ranges', async (t) => {
  const prefix = parsePrefix('10.9.0.77/26') ?? fail('');
  t.equal(formatIp(firstOf(prefix)), '10.9.0.64');
  t.equal(formatIp(lastOf(prefix)), '10.9.0.127');
  t.equal(formatPrefix(prefix), '10.9.0.77/26');
  t.equal(sizeOf(prefix), 64n);
  t.ok(overlap(prefix, parsePrefix('10.0.0.0/8') ?? fail('')));
  t.notOk(overlap(prefix, parsePrefix('10.9.0.0/26') ?? fail('')));
  t.notOk(contains(parsePrefix('::/0') ?? fail(''), parseIp('10.0.0.1') ?? fail('')));
});

function fail(text: string): never {
  throw new Error(`not parsed: ${text}`);
}

t.test('the link-local address that a MAC makes, and an address alone', async (t) => {
  t.equal(linkLocalOf('52:54:00:09:00:01'), 'fe80::5054:ff:fe09:1');
  t.equal(linkLocalOf('02:00:5e:00:53:af'), 'fe80::5eff:fe00:53af', 'the bit that says "local" is turned');
  t.throws(() => linkLocalOf('52:54:00'), RangeError);
  t.equal(asHostPrefix('10.9.0.1/24'), '10.9.0.1/32');
  t.equal(asHostPrefix('FD00:9::1'), 'fd00:9::1/128');
});
