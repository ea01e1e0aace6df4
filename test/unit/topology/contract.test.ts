import t from 'tap';
import { parseTopology } from '../../../lib/topology/read.js';

/** The file format's example as users have it, every optional key included. */
const EXAMPLE = `# yaml-language-server: $schema=../lib/topology/schema.json
version: 1
name: two-subnets
lab: {}
underlay:
  left:  {cidr: 198.18.1.0/24}
  right: {cidr: 198.18.2.0/24, rate: 100mbit, delay: 20ms}
hosts:
  host-a: {underlay: left,  address: 198.18.1.10}
  host-b: {underlay: right, address: 198.18.2.10}
  host-c:
    underlay: right
    address: 198.18.2.11
    ssh: {address: 192.0.2.7, port: 22, user: root, identityFile: ~/.ssh/id_ed25519, hostKey: "SHA256:…"}
networks:
  blue: {vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}
vms:
  web:
    host: host-a
    memory: 128MiB
    vcpus: 1
    image: micro
    nics:
      - {network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}
    migration: {strategy: pre-copy}
probes:
  - {from: host-c, to: web, interval: 10ms}
`;

t.test('the published example is accepted, in a lab and without', async (t) => {
  t.equal(parseTopology(EXAMPLE, 'example.yaml').underlay[1]?.delayMs, 20);
  t.equal(parseTopology(EXAMPLE.replace('lab: {}\n', ''), 'example.yaml').hosts[2]?.ssh?.address, '192.0.2.7');
});
