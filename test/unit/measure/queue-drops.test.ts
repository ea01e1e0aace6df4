import t from 'tap';
import { droppedSince, parseQueueDrops } from '../../../lib/measure/queue-drops.js';

/** As a host's `ss` printed it, and a packet socket of somebody else. */
const PRINTED = `tap tap-web-yzgf6 2
Netid Recv-Q Send-Q Local Address:Port          Peer Address:PortProcess
p_raw 0      0                  *:eth0                      *     users:(("ovs-vswitchd",pid=79,fd=39)) skmem:(r0,rb212992,t0,tb212992,f0,w0,o176,bl0,d106)
p_raw 0      0                [0]:*                         *     users:(("ovs-vswitchd",pid=79,fd=45)) skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)  
p_raw 0      0                  *:tap-web-yzgf6             *     users:(("ovs-vswitchd",pid=79,fd=46)) skmem:(r0,rb212992,t0,tb212992,f0,w0,o176,bl0,d7)
p_dgr 0      0                ipv4:eth0                     *     users:(("dhclient",pid=80,fd=6)) skmem:(r0,rb212992,t0,tb212992,f0,w0,o176,bl0,d9)
`;

t.test('taps, and the packet sockets of Open vSwitch', (t) => {
  t.same(parseQueueDrops(PRINTED), [
    { queue: 'tap', device: 'tap-web-yzgf6', frames: 2 },
    { queue: 'packet socket', device: 'eth0', frames: 106 },
    { queue: 'packet socket', device: 'tap-web-yzgf6', frames: 7 },
  ]);
  t.same(parseQueueDrops(''), []);
  t.end();
});

t.test('what has been dropped since', (t) => {
  const tap = { queue: 'tap', device: 'tap0' } as const;
  const socket = { queue: 'packet socket', device: 'tap0' } as const;
  const dropped = droppedSince(
    [{ ...tap, frames: 2 }],
    [
      { ...tap, frames: 5 },
      { ...socket, frames: 4 },
    ],
  );
  t.same(dropped, [
    { ...tap, frames: 3 },
    { ...socket, frames: 4 },
  ]);
  t.same(droppedSince([{ ...tap, frames: 5 }], [{ ...tap, frames: 5 }]), []);
  t.same(droppedSince([{ ...tap, frames: 5 }], [{ ...tap, frames: 1 }]), [{ ...tap, frames: 1 }], 'the device is new');
  t.end();
});
