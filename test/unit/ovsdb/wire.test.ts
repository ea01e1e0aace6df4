import fc from 'fast-check';
import t from 'tap';
import { OvsdbError } from '../../../lib/ovsdb/errors.js';
import { type Json, JsonSplitter } from '../../../lib/ovsdb/wire.js';

/**
 * Objects and arrays only, with everything in their strings that could mislead: braces, quotes, backslashes, any
 * script.
 */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('}{', '"]', '\\', '\\"', '🙂', 'é[', '\n'));
const message: fc.Arbitrary<Json> = fc.letrec<{ value: Json; message: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie('message')),
  message: fc.oneof(
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).message;

t.test('any messages in any chunks come out as they went in', async () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 5 }),
      fc.constantFrom('', '\n', '  \r\n'),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (messages, between, sizes) => {
        const bytes = Buffer.from(messages.map((one) => JSON.stringify(one) + between).join(''));
        const splitter = new JsonSplitter();
        const found: Json[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          found.push(...splitter.push(bytes.subarray(at, at + size)));
          at += size;
        }
        return JSON.stringify(found) === JSON.stringify(messages) && !splitter.isInside;
      },
    ),
    { numRuns: 500 },
  );
});

t.test('a message that has not ended is known to be open', async (t) => {
  const splitter = new JsonSplitter();
  t.strictSame(splitter.push(Buffer.from('{"a":[1,2]}{"b":"}')), [{ a: [1, 2] }]);
  t.equal(splitter.isInside, true);
  t.strictSame(splitter.push(Buffer.from('"}')), [{ b: '}' }]);
  t.equal(splitter.isInside, false);
});

t.test('what is no message is refused', async (t) => {
  for (const [what, bytes] of [
    ['a closing bracket first', '}'],
    ['a bare word', 'HTTP/1.1 400 Bad Request'],
    ['brackets that are no JSON', '{"a" 1}'],
    ['brackets that do not fit', '{"a": 1]'],
  ] as const) {
    t.throws(() => new JsonSplitter().push(Buffer.from(bytes)), OvsdbError, what);
  }
  t.throws(() => new JsonSplitter().push(Buffer.from([0x7b, 0x22, 0xff])), /not UTF-8/);
});

t.test('endless output is cut off', async (t) => {
  const splitter = new JsonSplitter(1000);
  t.throws(() => {
    for (let i = 0; i < 200; i++) splitter.push(Buffer.from(i === 0 ? '["' : 'x'.repeat(10)));
  }, /more than 1000 bytes/);
  const ok = new JsonSplitter(1000);
  for (let i = 0; i < 200; i++) t.equal(ok.push(Buffer.from('[1,2,3,4,5]')).length, 1, 'many small ones are not long');
});
