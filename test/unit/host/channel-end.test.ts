import { EventEmitter } from 'node:events';
import type { ClientChannel } from 'ssh2';
import t from 'tap';
import { endOf } from '../../../lib/host/channel-end.js';

/** A channel whose other side closes it when `closes` says so. */
function channelThat(closes: 'at the end of its input' | 'never') {
  const asked: string[] = [];
  const channel = Object.assign(new EventEmitter(), {
    end: () => {
      asked.push('end');
      if (closes === 'at the end of its input') channel.emit('close', 7);
    },
    close: () => {
      asked.push('close');
    },
  });
  return { asked, channel: channel as unknown as ClientChannel };
}

t.test('a command ends with its status when its input ends', async (t) => {
  const { asked, channel } = channelThat('at the end of its input');
  const { ended, end } = endOf(channel, () => 'said');
  await end();
  t.same(await ended, { exitCode: 7, stderr: 'said' });
  t.same(asked, ['end']);
});

t.test('a host that never says that it has ended is not waited for', async (t) => {
  const { asked, channel } = channelThat('never');
  const { ended, end } = endOf(channel, () => 'said', 1);
  await end();
  t.same(await ended, { exitCode: null, stderr: 'said' });
  t.same(asked, ['end', 'close']);
});
