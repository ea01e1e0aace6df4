/** Every key of the format at once, on real machines. */
export const RICH = `version: 1
name: rich
underlay:
  left: {cidr: [198.18.1.0/24, "fd00:1::/64"], mtu: 9000}
  right: {cidr: [198.18.2.0/24, "fd00:2::/64"], mtu: 1600}
hosts:
  host-a:
    underlay: left
    address: [198.18.1.10, "fd00:1::10"]
    datapath: netdev
    ssh: {address: 192.0.2.7, port: 2222, user: admin, identityFile: ~/.ssh/id_ed25519, hostKey: "SHA256:x"}
  host-b: {underlay: right, address: [198.18.2.10, "fd00:2::10"], datapath: system}
  host-c: {underlay: right, address: 198.18.2.11, ssh: {user: root}}
networks:
  blue: {type: vxlan, vni: 5001, cidr: [10.9.0.0/24, "fd00:9::/64"], mtu: 1450, mesh: full}
  green: {vni: 16777215, cidr: 10.9.0.0/24, mesh: {hub: host-a}}
  grey: {vni: 1, cidr: 10.8.0.0/29, mesh: "hub: host-b"}
vms:
  web:
    host: host-a
    memory: 1GiB
    vcpus: 2
    image: micro
    nics:
      - {network: blue, mac: "52:54:00:09:00:01", address: [10.9.0.1/24, "fd00:9::1/64"]}
      - {network: green, mac: "52:54:00:09:00:02"}
    migration: {strategy: post-copy, bandwidth: 64MiB, timeout: 5m}
  legacy:
    host: host-b
    domain: Legacy_VM.1
    nics:
      - {network: grey, mac: "52:54:00:09:00:03", address: 10.8.0.1/29}
      - {network: blue, mac: "52:54:00:09:00:04", address: 10.9.0.2/24}
    migration: {strategy: auto-converge}
probes:
  - {from: host-c, to: web, interval: 10ms}
  - {from: web, to: legacy, interval: 1.5s}
`;
