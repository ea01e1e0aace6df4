import t from 'tap';
import { nearest, suggestion } from '../../../lib/topology/suggest.js';

t.test('near words', async (t) => {
  t.equal(nearest('adress', ['address', 'underlay']), 'address');
  t.equal(nearest('nmae', ['name', 'lab']), 'name');
  t.equal(nearest('HOSTS', ['hosts']), 'hosts');
  t.equal(nearest('xyz', ['name', 'lab']), null);
  t.equal(suggestion('xyz', ['name', 'lab']), 'there are name, lab');
  t.equal(suggestion('xyz', ['name']), 'there is name');
  t.equal(suggestion('xyz', []), 'there is none');
});
