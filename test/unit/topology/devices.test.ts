import t from 'tap';
import { clashes } from '../../../lib/topology/meaning/devices.js';

t.test('equal device names are told with both owners', async (t) => {
  const names = [
    { name: 'br-blue-aaaaa', owner: 'network blue', path: ['networks', 'blue'] },
    { name: 'br-blue-bbbbb', owner: 'network bluer', path: ['networks', 'bluer'] },
    { name: 'br-blue-aaaaa', owner: 'network bluest', path: ['networks', 'bluest'] },
  ];
  t.match(
    [...clashes(names)],
    [
      {
        path: ['networks', 'bluest'],
        message: 'network bluest and network blue would both have the device name br-blue-aaaaa',
      },
    ],
  );
});
