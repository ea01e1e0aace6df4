import { once } from 'node:events';
import type { Connection, ServerChannel } from 'ssh2';
import t from 'tap';
import { diallingOf } from '../../lib/host/dial.js';
import { SessionPool } from '../../lib/host/session-pool.js';
import { SshClients } from '../../lib/host/ssh-clients.js';
import { sshServer } from './hostile-server.js';

/** More than one connection may carry. */
const MANY = 20;

t.test('one connection for all who ask; more where sshd would refuse a session', async (t) => {
  const clients = new Set<Connection>();
  const running: ServerChannel[] = [];
  let ended = 0;
  const settings = await sshServer(t, {
    exec: (accept, client) => {
      clients.add(client);
      const channel = accept();
      running.push(channel);
      channel.on('close', () => {
        ended += 1;
      });
      channel.resume();
    },
  });
  const pool = new SessionPool();
  t.teardown(() => pool.close());
  const [one, other] = await Promise.all([pool.open('host-a', settings), pool.open('host-a', settings)]);
  const commands = await Promise.all([one, one, other].map((shell) => shell.follow(['sleep', '9'], 'TERM')));
  t.equal(clients.size, 1);
  one.close();
  await Promise.all(commands.slice(0, 2).map((command) => command.ended));
  while (ended < 2) await new Promise((resolve) => setImmediate(resolve));
  t.equal(ended, 2, 'the host hears that what one has begun is over, and what the other has begun is not');

  await Promise.all(Array.from({ length: MANY }, () => other.follow(['sleep', '9'], 'TERM')));
  t.equal(clients.size, 3, 'eight sessions each');
  const [first] = clients;
  other.close();
  if (first !== undefined) await once(first, 'close');
  t.equal(pool.size, 0);
});

t.test('after a connection has broken the next who asks gets another one', async (t) => {
  let asked = 0;
  let last: Connection | null = null;
  const settings = await sshServer(t, {
    authenticate: (context) => {
      asked += 1;
      context.accept();
    },
    exec: (accept, client) => {
      last = client;
      accept().exit(0);
    },
  });
  const pool = new SessionPool();
  t.teardown(() => pool.close());
  const kept = await pool.open('host-a', settings);
  t.teardown(() => kept.close());
  await pool.open('host-a', settings);
  const before = asked;
  (last as Connection | null)?.end();
  const again = await pool.open('host-a', settings);
  t.ok(asked > before);
  again.close();
});

t.test('a connection that is being given up takes no more sessions', async (t) => {
  let begun = 0;
  const settings = await sshServer(t, {
    exec: (accept) => {
      const channel = accept();
      channel.resume();
      // What holds the first connection's sessions goes on; what comes after them ends at once.
      begun += 1;
      if (begun <= 8) return;
      channel.exit(0);
      channel.end();
    },
  });
  const clients = await SshClients.dial(await diallingOf('host-a', settings), 0);
  t.teardown(() => clients.close());
  await Promise.all(Array.from({ length: 8 }, () => clients.exec(['sleep', '9'])));
  for (let round = 0; round < 30; round++) {
    const channel = await clients.exec(['true']);
    channel.resume();
    channel.end();
    await once(channel, 'close');
    // The timers of connections that nobody uses have gone off; the far end has not heard of it yet.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  t.pass('every command got its session');
});
