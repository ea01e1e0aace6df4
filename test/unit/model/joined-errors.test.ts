import t from 'tap';
import { VxmigError } from '../../../lib/model/errors.js';
import { allOf, joined } from '../../../lib/model/joined-errors.js';

const ONE = new VxmigError('HOST_UNFIT', 'one', { where: 'host-a', hint: 'Mend one.' });
const DATA = new VxmigError('DISK_NOT_SHARED', 'data', { where: 'host-b', hint: 'Mend data.' });

t.test('nothing, one, and several with that about data in front', async (t) => {
  t.equal(joined([]), null);
  t.equal(joined([null, ONE, null]), ONE);
  t.match(joined([ONE, null, DATA]), {
    code: 'DISK_NOT_SHARED',
    where: 'host-b',
    message: 'one; data',
    hint: 'Mend one. Mend data.',
  });
  t.match(joined([ONE, ONE]), { message: 'one', hint: 'Mend one.' });
});

t.test('all are tried, and what failed is told together', async (t) => {
  const fails = (error: Error) => () => {
    throw error;
  };
  t.strictSame(allOf([() => 1, () => 2]), [1, 2]);
  t.throws(() => allOf([fails(ONE), () => 1, fails(DATA)]), { code: 'DISK_NOT_SHARED', message: 'one; data' });
  t.throws(() => allOf([fails(ONE), fails(new TypeError('a bug'))]), { message: 'a bug' });
});
