import { labUp } from '../../lib/lab/up.js';
import { twoSubnets } from './lab-topology.js';

// A process that brings a lab up and tells how far it is, to be killed by a test on the way.
await labUp(twoSubnets(process.argv[2] ?? ''), (event) => {
  const machine = 'machine' in event ? ` ${event.machine}` : '';
  process.stdout.write(`${event.kind}${machine}\n`);
});
