import { onLab } from './harness.js';
import { migrateWithoutLoss } from './without-loss.js';

const MOVES = [
  ['host-a', 'host-b'],
  ['host-b', 'host-a'],
  ['host-a', 'host-b'],
] as const;

/** Old host, new host, neither, and a VM at another host, which the VM that moves pings as well. */
const WATCHED = `
  peer:
    host: host-c
    memory: 128MiB
    image: micro
    nics:
      - {network: blue, mac: "52:54:00:09:00:02", address: 10.9.0.2/24}

probes:
  - {from: host-a, to: web}
  - {from: host-b, to: web}
  - {from: host-c, to: web}
  - {from: peer, to: web}
  - {from: web, to: peer}
`;

await onLab('two-subnets', async (t, lab) => {
  await lab.edit((text) => text.replace(/\nprobes:[\s\S]*$/, WATCHED));
  await lab.apply();

  for (const [from, to] of MOVES) {
    await t.test(`web moves from ${from} to ${to}, watched from everywhere, and watching`, async (t) => {
      const { ping } = await migrateWithoutLoss(t, lab, 'web', { from, to });
      t.equal(ping.length, 8, 'three hosts by two families, and both ways between the VMs');
    });
  }
});
