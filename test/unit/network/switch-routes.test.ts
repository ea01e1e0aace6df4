import t from 'tap';
import { parseSwitchRoutes } from '../../../lib/network/ovs/observe-kernel.js';

t.test('routes that were added to Open vSwitch', async (t) => {
  const text = [
    'Route Table:',
    'User: 198.18.1.0/24 dev br-phy SRC 198.18.1.10',
    'User: 0.0.0.0/0 dev br-phy GW 198.18.1.1 SRC 198.18.1.10',
  ].join('\n');
  t.strictSame(parseSwitchRoutes(text), {
    followKernel: false,
    added: [
      { destination: '198.18.1.0/24', device: 'br-phy', gateway: null },
      { destination: '0.0.0.0/0', device: 'br-phy', gateway: '198.18.1.1' },
    ],
  });
  t.strictSame(parseSwitchRoutes('Route Table:'), { followKernel: false, added: [] });
});

t.test('routes copied from the kernel, and no answer at all', async (t) => {
  t.strictSame(parseSwitchRoutes('Route Table:\nCached: 127.0.0.1/32 dev lo SRC 127.0.0.1 local'), {
    followKernel: true,
    added: [],
  });
  t.strictSame(parseSwitchRoutes(''), { followKernel: true, added: [] });
});
