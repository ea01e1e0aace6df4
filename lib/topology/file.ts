// Generated from schema.json by generate-types.ts: change the schema and run that, not this file.
// biome-ignore-all lint/complexity/noBannedTypes: what the generator writes for an object without keys.

/**
 * Hosts in routed IP subnets, VXLAN segments over them, virtual machines in those, and who watches whom. `vxmig apply`
 * makes it so.
 */
export interface TopologyFile {
  /**
   * Version of this file format: 1.
   */
  version: 1;
  /**
   * Name of the topology. Everything that vxmig makes is marked with it, and device names derive from it.
   */
  name: string;
  /**
   * Present: `vxmig lab up` builds these hosts as namespaces on this machine. Leave it out for real machines.
   */
  lab?: {};
  /**
   * Routed IP segments that the hosts stand in, by name. In a lab a router joins them.
   */
  underlay: {
    [k: string]: Segment;
  };
  /**
   * Hosts that run Open vSwitch, and libvirt where the file has VMs; by name.
   */
  hosts: {
    [k: string]: Host;
  };
  /**
   * Where disks of VMs lie, by name. See docs/storage.md.
   */
  storage?: {
    [k: string]: Storage;
  };
  /**
   * Overlay segments, by name. Each one is a bridge on every host and VXLAN tunnels between them.
   */
  networks?: {
    [k: string]: Network;
  };
  /**
   * Virtual machines, by name.
   */
  vms?: {
    [k: string]: Vm;
  };
  /**
   * Who watches whom by ping, always on while a migration runs.
   *
   * @maxItems 4096
   */
  probes?: Probe[];
}
/**
 * A routed IP segment of the underlay.
 */
export interface Segment {
  /**
   * The segment's prefix, or a list of two for IPv4 and IPv6. The first address is the router's.
   *
   * @minItems 1
   * @maxItems 2
   */
  cidr: string | string[];
  /**
   * Largest IP packet in bytes that the segment carries. Default: 1500.
   */
  mtu?: number;
  /**
   * Shaping of each host's link, lab only, as tc(8) writes it: `100mbit`, `1gbit`.
   */
  rate?: string;
  /**
   * One-way delay, lab only: `20ms`. Said so where the kernel lacks netem.
   */
  delay?: string;
}
/**
 * A hypervisor.
 */
export interface Host {
  /**
   * Name of the underlay segment that it stands in.
   */
  underlay: string;
  /**
   * Address of its tunnel endpoint (VTEP) in that segment, without prefix length; or a list of two for IPv4 and IPv6:
   * tunnels use the first.
   *
   * @minItems 1
   * @maxItems 2
   */
  address: string | string[];
  ssh?: Ssh;
  /**
   * Where Open vSwitch forwards: in the kernel (`system`) or in userspace (`netdev`). Default: `system` where the
   * host's kernel has the module.
   */
  datapath?: 'system' | 'netdev';
}
/**
 * How to reach it, for real machines. Default: root at the VTEP's address, port 22, host key as in known_hosts.
 */
export interface Ssh {
  /**
   * Address or DNS name of the SSH server. Default: the VTEP's address.
   */
  address?: string;
  /**
   * TCP port. Default: 22.
   */
  port?: number;
  /**
   * User to log in as; it must be root or be allowed to manage OVS and libvirt. Default: root.
   */
  user?: string;
  /**
   * Private key on this machine; `~` is the home directory. Default: the agent's keys and the usual files.
   */
  identityFile?: string;
  /**
   * Fingerprint of the host's key as `ssh-keygen -lf` prints it: `SHA256:…`. Default: known_hosts decides.
   */
  hostKey?: string;
}
/**
 * A place for disks.
 */
export interface Storage {
  /**
   * `shared`: a directory that all hosts have mounted; `local`: a directory of each host, whose images are copied when
   * a VM moves; `nfs`: a directory that an NFS server exports, which QEMU asks itself or, with `client: kernel`, the
   * hosts mount; `nbd`: images that a server exports, which are there already.
   */
  kind: 'shared' | 'local' | 'nfs' | 'nbd';
  /**
   * Of `shared` and `local`: the directory, on all hosts of the same path. Of `nfs`: with `client: kernel` where the
   * export is mounted, on all hosts of the same path; else vxmig does not need it.
   */
  path?: string;
  /**
   * Of `nfs` and `nbd`: address or DNS name of the server, the same for all hosts. In a lab `nfs` takes an address, and
   * the server is built.
   */
  server?: string;
  /**
   * Of `nfs`: the directory, as the server exports it.
   */
  export?: string;
  /**
   * Of `nbd`: TCP port of the server. Default: 10809.
   */
  port?: number;
  /**
   * Of `nfs`: who asks the server. `qemu` (default): QEMU itself, and no host mounts anything. `kernel`: `apply` mounts
   * the export at `path` on every host.
   */
  client?: 'qemu' | 'kernel';
  /**
   * Of `nfs` with `client: kernel`: options of the mount, as nfs(5) has them. Default: `hard,vers=4.2`.
   */
  options?: string;
}
/**
 * An overlay segment.
 */
export interface Network {
  /**
   * Encapsulation. Default: vxlan.
   */
  type?: 'vxlan';
  /**
   * VXLAN network identifier, 24 bits (RFC 7348); unique in the file.
   */
  vni: number;
  /**
   * The prefix of the addresses inside, or a list of two for IPv4 and IPv6. Two networks may use the same prefix.
   *
   * @minItems 1
   * @maxItems 2
   */
  cidr: string | string[];
  /**
   * Largest IP packet in bytes inside the overlay. Default: what the underlay leaves, 1450 of 1500 (VXLAN takes 50
   * bytes over IPv4, 70 over IPv6).
   */
  mtu?: number;
  /**
   * Who has a tunnel to whom: `full` (default), everybody with everybody; `flow`, the same by one tunnel port on each
   * host, which costs the same however many hosts there are; or `hub: HOST` for a star around that host.
   */
  mesh?:
    | string
    | {
        /**
         * The host in the middle of the star.
         */
        hub: string;
      };
  /**
   * Access rules of the network, in order: the first that fits a frame decides; one that none fits goes on. Enforced
   * where a frame enters the overlay, on every host, so they hold wherever a VM runs. The list of the VM that sends and
   * the one of the VM that is sent to are asked besides: a frame goes on unless one of the three denies it. A TCP rule
   * decides about the segment that opens a connection (SYN without ACK): replies and standing connections pass. ARP and
   * neighbour discovery always pass.
   *
   * @minItems 1
   * @maxItems 256
   */
  acl?: Rule[];
}
/**
 * An access rule: which frames, and whether they go on.
 */
export interface Rule {
  /**
   * Who sends: a VM, a host (its probe port), an address or prefix, or `any` (default in a network's list). An address
   * is compared with that in the packet; a VM and a host are known by their MACs.
   */
  from?: string;
  /**
   * Who is sent to: as `from`. A VM or host is meant by what is for its MAC, and by broadcasts and multicasts for one
   * of its addresses.
   */
  to?: string;
  /**
   * `any` (default): every IP protocol; `tcp`, `udp`, or `icmp` (for IPv6 ICMPv6).
   */
  protocol?: 'any' | 'tcp' | 'udp' | 'icmp';
  /**
   * Destination port of TCP or UDP, or a range: `80`, `8000-8080`. Default: all.
   */
  port?: number | string;
  /**
   * `allow`: it goes on; `deny`: it is dropped, and counted (`vxmig status`).
   */
  action: 'allow' | 'deny';
}
/**
 * A virtual machine: `image` or `domain` says which.
 */
export interface Vm {
  /**
   * The host that it runs on. Change it and apply: that is a live migration.
   */
  host: string;
  /**
   * Memory: `128MiB`, `1GiB`. Default: 128MiB.
   */
  memory?: string;
  /**
   * Virtual CPUs. Default: 1.
   */
  vcpus?: number;
  /**
   * What its first disk begins with: `micro`, the lab's own small guest, which has no disk; `debian`, a Debian 12 that
   * vxmig builds of the distribution's packages; or the path of a raw or qcow2 image: on the host, or with `upload:
   * true` on this machine.
   */
  image?: string;
  /**
   * `true`: the image is a file on this machine, its path counts from this file's directory, and `apply` sends it to
   * the host that needs it, once. Default: false.
   */
  upload?: boolean;
  /**
   * Disks, in the order in which the guest sees them; the first begins with the image, the others are empty. Default
   * for an image with a disk: one, in the file's only storage.
   *
   * @minItems 1
   * @maxItems 16
   */
  disks?: Disk[];
  /**
   * CPU model that the guest sees, as libvirt names it (`virsh cpu-models x86_64`), `host-model` or `host-passthrough`;
   * or `baseline`: what all hosts of the file can give, which `apply` asks them and writes into the definition.
   * Default: qemu64, which every host can give.
   */
  cpu?: string;
  /**
   * Machine type, as `qemu-system-x86_64 -machine help` names it. Default: pc for `micro`, q35 for others.
   */
  machine?: string;
  /**
   * `bios` (default) or `uefi`.
   */
  firmware?: 'bios' | 'uefi';
  /**
   * Who may log in as root: public keys as in authorized_keys, or paths of files with one on this machine
   * (`~/.ssh/id_ed25519.pub`). In a lab its hosts' own keys may always.
   *
   * @minItems 1
   * @maxItems 64
   */
  sshKeys?: string[];
  /**
   * Name of a domain that libvirt on the host knows already, in place of `image`. As libvirt has it, with spaces and
   * umlauts; only `/` and line ends are in no name.
   */
  domain?: string;
  /**
   * Network interfaces, in the order in which the guest sees them.
   *
   * @minItems 1
   * @maxItems 8
   */
  nics: Nic[];
  /**
   * Access rules of the VM, in order, in all its networks; they move with it. The VM is the `to` where only `from` is
   * written, and the `from` where only `to` is; where neither is, it is the `to` of what anybody sends. See `acl` of a
   * network.
   *
   * @minItems 1
   * @maxItems 256
   */
  acl?: Rule[];
  migration?: Migration;
}
/**
 * A disk of a VM.
 */
export interface Disk {
  /**
   * `2GiB`. Default: that of the image. A first disk that is larger than its image is grown by the guest.
   */
  size?: string;
  /**
   * Name of the storage that it lies in. Default: the file's only one.
   */
  storage?: string;
  /**
   * `qcow2` (default) or `raw`.
   */
  format?: 'qcow2' | 'raw';
  /**
   * `virtio` (default), `scsi` or `sata`.
   */
  bus?: 'virtio' | 'scsi' | 'sata';
  /**
   * QEMU's cache mode. Default: `none`, which goes past the page cache of the host, so that the next host reads what
   * the one before has written.
   */
  cache?: 'none' | 'directsync' | 'writeback' | 'writethrough';
}
/**
 * A network interface of a VM.
 */
export interface Nic {
  /**
   * Name of the overlay network that it is in.
   */
  network: string;
  /**
   * What port security lets it send besides. Without it: frames from its MAC only; IP, ARP and neighbour discovery from
   * and for its `address`es and the link-local address that derives from its MAC (privacy addresses: add `fe80::/64`
   * and the network's prefix), any IP source where neither `address` nor `allow` names one; no VLAN tags, no router
   * advertisements, no DHCP answers. Items: further MACs, addresses and prefixes; `dhcp-server`,
   * `router-advertisements` (and redirects), `vlan` (tagged frames), or `any`, alone: no port security at this NIC.
   *
   * @minItems 1
   * @maxItems 64
   */
  allow?: string[];
  /**
   * MAC address, unique in the file; quote it: `"52:54:00:09:00:01"`.
   */
  mac: string;
  /**
   * Address with prefix length, `10.9.0.1/24`, or a list of two for IPv4 and IPv6. The lab's guest takes it; a domain
   * must use it: it may send from no other (see `allow`).
   *
   * @minItems 1
   * @maxItems 2
   */
  address?: string | string[];
}
/**
 * How it is moved.
 */
export interface Migration {
  /**
   * How its memory goes: `pre-copy` (default), `stop-and-copy`, `auto-converge` (pre-copy that slows a busy guest
   * down), `post-copy`, `hybrid` (pre-copy, then post-copy), or `bounded` (no more bytes and time than `bound`).
   */
  strategy?: 'pre-copy' | 'stop-and-copy' | 'auto-converge' | 'post-copy' | 'hybrid' | 'bounded';
  /**
   * Upper bound of the copy per second: `64MiB`. Default: libvirt's own.
   */
  bandwidth?: string;
  /**
   * `all` or `inc`: disks that the new host does not see are copied to it while the guest writes; `inc` copies what
   * lies above a base image that both hosts have. Disks of `kind: local` are copied without it. Default: such a VM is
   * refused.
   */
  copyStorage?: 'all' | 'inc';
  /**
   * How long the copy may take before it is called off: `120s` (default), `5m`. Disks that are copied may take as long
   * as they come forward.
   */
  timeout?: string;
  bound?: Bound;
  postCopyAfter?: PostCopyAfter;
}
/**
 * For `bounded`: up to what the copy of its memory may go, whatever the guest writes.
 */
export interface Bound {
  /**
   * So many times what the hypervisor has of its memory, `2x` (default), at least `1.1x`; or a size, `512MiB`.
   */
  bytes?: string;
  /**
   * From the first byte of memory until the guest runs there with all of it: `60s` (default), `5m`.
   */
  duration?: string;
  /**
   * What is done at the last moment at which the rest still fits: `stop` (default) pauses the guest while it goes;
   * `post-copy` lets it run at its new host and fetch the rest.
   */
  then?: 'stop' | 'post-copy';
}
/**
 * For `hybrid`: when the guest is let go before all of its memory is there. It is as well when a pass leaves no less
 * than the one before.
 */
export interface PostCopyAfter {
  /**
   * After so many passes: 5 (default).
   */
  passes?: number;
  /**
   * After so much time of copying its memory: `60s` (default), `5m`.
   */
  duration?: string;
}
/**
 * A ping that runs as long as a migration does.
 */
export interface Probe {
  /**
   * A host, which gets an internal port with an address in that network, or a VM.
   */
  from: string;
  /**
   * The VM that is watched.
   */
  to: string;
  /**
   * Time from one ping to the next: `10ms` (default), `1s`; at least 1ms.
   */
  interval?: string;
}
