import fc from 'fast-check';
import t from 'tap';
import * as names from '../../../lib/lab/lab-names.js';
import { DEVICE_NAME_LENGTH } from '../../../lib/model/names.js';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
const kinds = [names.segmentBridge, names.segmentUplink, names.segmentGateway, names.hostPort];

t.test('device names fit the kernel, and short ones read as they are', async (t) => {
  fc.assert(fc.property(name, (text) => kinds.every((kind) => kind(text).length <= DEVICE_NAME_LENGTH)));
  t.equal(names.segmentBridge('left'), 'br-left');
  t.equal(names.hostPort('host-a'), 'p-host-a');
  t.ok(names.managementPort('l'.repeat(31), 999).length <= DEVICE_NAME_LENGTH);
});

t.test('different things have different names', async () => {
  fc.assert(fc.property(name, name, (a, b) => a === b || kinds.every((kind) => kind(a) !== kind(b))));
});

t.test('long names that begin alike stay apart', async (t) => {
  t.not(names.hostPort('rack-number-1-host-1'), names.hostPort('rack-number-1-host-2'));
  t.match(names.hostPort('rack-number-1-host-1'), /^p-rack-nu/);
});

t.test('MACs are unicast, local and stable', async (t) => {
  t.match(names.labMac('x', 'host-a', 'eth0'), /^02(:[0-9a-f]{2}){5}$/);
  t.equal(names.labMac('x', 'host-a', 'eth0'), names.labMac('x', 'host-a', 'eth0'));
  t.not(names.labMac('x', 'host-a', 'eth0'), names.labMac('x', 'host-a', 'mgmt0'));
  t.not(names.labMac('x', 'host-a', 'eth0'), names.labMac('y', 'host-a', 'eth0'));
});
