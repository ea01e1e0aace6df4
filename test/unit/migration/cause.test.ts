import t from 'tap';
import { DriverError } from '../../../lib/compute/driver-error.js';
import { neverBegan, ofSilence } from '../../../lib/migration/cause.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { runOf } from './run.js';

const PORT = new VxmigError('HOST_UNFIT', 'node-a does not get through to TCP port 49152 of node-b', {
  hint: 'Open it.',
});

const asked = (silence: VxmigError | null) => runOf({ run: { portSilence: async () => silence } }).run;

t.test('a driver that gives no answer: the port it may wait for is named, else its own words', async (t) => {
  const said = new VxmigError('COMMAND_FAILED', 'no answer about shop', { hint: 'Storage that does not answer.' });
  const silent = new DriverError('silent', said);
  t.match(await ofSilence(asked(PORT), silent), {
    code: 'MIGRATION_FAILED',
    message: /TCP port 49152.*; no answer about shop/,
    hint: 'Open it.',
  });
  t.match(await ofSilence(asked(null), silent), {
    code: 'MIGRATION_FAILED',
    message: 'no answer about shop',
    hint: 'Storage that does not answer.',
  });
  const unasked = runOf({ run: { portSilence: async () => await Promise.reject(new Error('cut off')) } }).run;
  t.match(await ofSilence(unasked, silent), { message: 'no answer about shop' }, 'a port that cannot be asked about');
});

t.test('other failures stay what they are', async (t) => {
  for (const other of [
    new DriverError('refused', new VxmigError('COMMAND_FAILED', 'no')),
    new VxmigError('SSH_CONNECT', 'the connection broke'),
    new Error('a bug'),
  ]) {
    t.equal(await ofSilence(asked(PORT), other), other);
  }
});

t.test('a copy that never began is not the guest’s fault', async (t) => {
  const error = neverBegan(runOf().run);
  t.match(error.message, /did not begin within 10000 ms: no memory was sent/);
  t.notMatch(error.hint, /dirty/);
});
