import fc from 'fast-check';
import t from 'tap';
import { OvsdbError } from '../../../lib/ovsdb/errors.js';
import { describeOperation, encodeOperation, insert, mutate, rowName, wait } from '../../../lib/ovsdb/operations.js';
import * as value from '../../../lib/ovsdb/value.js';

const atom: fc.Arbitrary<value.Atom> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.uuid().map(value.uuid),
  fc.stringMatching(/^[a-z_][a-z0-9_]*$/).map(value.named),
);

t.test('values come back as they went', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        atom,
        fc.array(atom),
        fc.array(fc.tuple(atom, atom)).map((pairs) => new Map(pairs)),
      ),
      (one: value.Value) => {
        t.strictSame(value.decodeValue(JSON.parse(JSON.stringify(value.encodeValue(one)))), one);
      },
    ),
  );
});

t.test('the words of RFC 7047', async (t) => {
  t.strictSame(value.encodeValue([]), ['set', []]);
  t.strictSame(value.encodeValue(value.mapOf({ key: '5001' })), ['map', [['key', '5001']]]);
  t.strictSame(value.encodeValue(value.named('port_a')), ['named-uuid', 'port_a']);
  t.strictSame(encodeOperation(insert('Bridge', { name: 'br0', ports: [value.named('p')] }, 'b')), {
    op: 'insert',
    table: 'Bridge',
    row: { name: 'br0', ports: ['set', [['named-uuid', 'p']]] },
    'uuid-name': 'b',
  });
  t.strictSame(
    encodeOperation(
      mutate('Bridge', [['name', '==', 'br0']], [['ports', 'delete', [value.uuid('u')]]], { mayMatchNothing: true }),
    ),
    {
      op: 'mutate',
      table: 'Bridge',
      where: [['name', '==', 'br0']],
      mutations: [['ports', 'delete', ['set', [['uuid', 'u']]]]],
    },
  );
  const waiting = wait({ table: 'T', where: [], columns: ['a'], until: '!=', rows: [{ a: 1 }], timeoutMs: 7 });
  t.strictSame(encodeOperation(waiting), {
    op: 'wait',
    timeout: 7,
    table: 'T',
    where: [],
    columns: ['a'],
    until: '!=',
    rows: [{ a: 1 }],
  });
  t.equal(describeOperation(mutate('Bridge', [['name', '==', 'br0']], [])), 'mutate Bridge where name == "br0"');
});

t.test('one, none or many', async (t) => {
  t.strictSame(
    [value.asSet('a'), value.asSet([]), value.asSet(undefined), value.asSet([1, 2])],
    [['a'], [], [], [1, 2]],
  );
  t.equal(value.asOptional([]), null);
  t.equal(value.asNumber(7), 7);
  t.equal(value.asNumber([]), null);
  t.equal(value.asString([]), '');
  t.strictSame(value.asStringMap(new Map([['a', 1]])), { a: '1' });
  t.strictSame(value.asUuids([{ uuid: 'a' }, { uuid: 'b' }]), ['a', 'b']);
  t.strictSame(value.asUuids({ uuid: 'a' }), ['a']);
  t.strictSame(value.asUuids(new Map([[0, { uuid: 'a' }]])), ['a']);
});

t.test('row names are identifiers, and differ where the texts do', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const [left, right] = [rowName('port', a).named, rowName('port', b).named];
      return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(left) && (left === right) === (a === b);
    }),
  );
});

t.test('what is no value is refused', async (t) => {
  for (const json of [null, ['set'], ['map', [['a']]], ['uuid'], ['uuid', 1], ['what', 'x'], { a: 1 }]) {
    t.throws(() => value.decodeValue(json), OvsdbError, JSON.stringify(json));
  }
  t.throws(() => value.decodeRow(['set', []]), OvsdbError);
});
