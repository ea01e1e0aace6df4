import { type Ip, type Prefix, parseIp, parsePrefix } from '../model/address.js';
import { type Encapsulation, encapsulationNamed } from '../model/encapsulation.js';
import { aboutValue, type Complaint, type Path } from './complaint.js';
import { type DraftMigration, draftMigration } from './draft-migration.js';
import { type DraftStorage, draftStorage } from './draft-storage.js';
import type { Network, Rule, TopologyFile } from './file.js';
import { shapeAt } from './shapes.js';

/**
 * The file with holes where it is wrong: what the schema refused is undefined, what does not parse is left out.
 * Checks of meaning read this, so that one run finds the mistakes of every kind.
 */
export interface Draft {
  readonly name: string | undefined;
  readonly isLab: boolean;
  readonly segments: readonly DraftSegment[];
  readonly hosts: readonly DraftHost[];
  readonly storage: readonly DraftStorage[];
  readonly networks: readonly DraftNetwork[];
  readonly vms: readonly DraftVm[];
  readonly probes: readonly DraftProbe[];
}

/** A value with the place where it was written. */
export interface Sited<T> {
  readonly path: Path;
  readonly text: string;
  readonly value: T;
}

export interface DraftSegment extends DraftPrefixes {
  readonly name: string;
  readonly path: Path;
  readonly mtu: number | undefined;
}

export interface DraftHost {
  readonly name: string;
  readonly path: Path;
  readonly underlay: string | undefined;
  readonly addresses: readonly Sited<Ip>[];
  readonly ssh: { readonly address: string | undefined; readonly port: number | undefined };
}

/** `complete`: nothing that was written under `cidr` or `address` is missing here. */
export interface DraftPrefixes {
  readonly prefixes: readonly Sited<Prefix>[];
  readonly complete: boolean;
}

export interface DraftNetwork extends DraftPrefixes {
  readonly name: string;
  readonly path: Path;
  readonly encapsulation: Encapsulation | undefined;
  readonly vni: number | undefined;
  readonly mtu: number | undefined;
  readonly hub: Sited<string> | undefined;
  readonly acl: readonly DraftRule[];
}

export interface DraftDisk {
  readonly path: Path;
  readonly storage: string | undefined;
  readonly size: string | undefined;
  readonly format: string | undefined;
  readonly bus: string | undefined;
}

export interface DraftVm {
  readonly name: string;
  readonly path: Path;
  readonly host: string | undefined;
  readonly domain: string | undefined;
  readonly image: string | undefined;
  readonly isUploaded: boolean;
  readonly firmware: string | undefined;
  readonly disks: readonly DraftDisk[];
  /** What is written there, refused or not. */
  readonly keys: readonly string[];
  readonly nics: readonly DraftNic[];
  readonly acl: readonly DraftRule[];
  readonly memory: string | undefined;
  readonly migration: DraftMigration;
}

export interface DraftRule {
  readonly path: Path;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly protocol: Rule['protocol'];
  readonly port: Rule['port'];
  readonly action: Rule['action'] | undefined;
  /** Nothing in it was refused. */
  readonly complete: boolean;
}

export interface DraftNic extends DraftPrefixes {
  readonly path: Path;
  readonly network: string | undefined;
  /** Lower case. */
  readonly mac: string | undefined;
  readonly allow: readonly { readonly path: Path; readonly text: string }[];
}

export interface DraftProbe {
  readonly path: Path;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly interval: string | undefined;
}

type Partly<T> = T extends readonly (infer Item)[]
  ? readonly (Partly<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Partly<T[Key]> | undefined }
    : T;

/** @param pruned the file's value without what the schema refused */
export function readDraft(pruned: unknown): { readonly draft: Draft; readonly complaints: readonly Complaint[] } {
  const file = pruned as Partly<TopologyFile>;
  const complaints: Complaint[] = [];

  function sited<T>(written: OneOrMany, path: Path, parse: (text: string) => T | null): readonly Sited<T>[] {
    const isList = typeof written === 'object';
    const texts = isList ? written : [written];
    return texts.flatMap((text, index) => {
      if (text === undefined) return [];
      const place = isList ? [...path, index] : path;
      const value = parse(text);
      if (value !== null) return [{ path: place, text, value }];
      complaints.push(aboutValue(place, `${text} is not ${shapeAt(path).noun}`, shapeAt(path).fix));
      return [];
    });
  }

  function prefixes(holder: object | undefined, key: 'cidr' | 'address', path: Path): DraftPrefixes {
    const written = (holder as Record<string, OneOrMany> | undefined)?.[key];
    const found = sited(written, [...path, key], parsePrefix);
    const isWritten = holder !== undefined && Object.hasOwn(holder, key);
    const expected = typeof written === 'object' ? written.length : isWritten ? 1 : 0;
    return { prefixes: found, complete: holder !== undefined && found.length === expected };
  }

  const draft: Draft = {
    name: file.name,
    isLab: Object.hasOwn(file, 'lab'),
    segments: entries(file.underlay).map(([name, segment]) => {
      const path = ['underlay', name];
      return {
        name,
        path,
        mtu: segment === undefined ? undefined : (segment.mtu ?? 1500),
        ...prefixes(segment, 'cidr', path),
      };
    }),
    hosts: entries(file.hosts).map(([name, host]) => {
      const path = ['hosts', name];
      const addresses = sited(host?.address, [...path, 'address'], parseIp);
      const ssh = { address: host?.ssh?.address, port: host?.ssh?.port };
      return { name, path, underlay: host?.underlay, addresses, ssh };
    }),
    storage: entries(file.storage).map(draftStorage),
    networks: entries(file.networks).map(([name, network]) => {
      const path = ['networks', name];
      const hub = hubOf(network?.mesh, [...path, 'mesh']);
      const acl = rules(network?.acl, path);
      const { vni, mtu } = network ?? {};
      const encapsulation = encapsulationIn(network);
      return { name, path, encapsulation, vni, mtu, hub, acl, ...prefixes(network, 'cidr', path) };
    }),
    vms: entries(file.vms).map(([name, vm]) => {
      const path = ['vms', name];
      const nics = (vm?.nics ?? []).map((nic, index) => {
        const nicPath = [...path, 'nics', index];
        return {
          path: nicPath,
          network: nic?.network,
          mac: nic?.mac?.toLowerCase(),
          allow: (nic?.allow ?? []).flatMap((text, place) =>
            text === undefined ? [] : [{ path: [...nicPath, 'allow', place], text }],
          ),
          ...prefixes(nic, 'address', nicPath),
        };
      });
      const disks = (vm?.disks ?? []).map((disk, index) => ({
        path: [...path, 'disks', index],
        storage: disk?.storage,
        size: disk?.size,
        format: disk?.format,
        bus: disk?.bus,
      }));
      const { host, domain, image } = vm ?? {};
      const isUploaded = vm?.upload === true;
      const keys = Object.keys(vm ?? {});
      const { firmware, memory } = vm ?? {};
      const migration = draftMigration(vm?.migration);
      const acl = rules(vm?.acl, path);
      return { name, path, host, domain, image, isUploaded, firmware, disks, keys, nics, acl, memory, migration };
    }),
    probes: (file.probes ?? []).map((probe, index) => ({
      path: ['probes', index],
      from: probe?.from,
      to: probe?.to,
      interval: probe?.interval,
    })),
  };
  return { draft, complaints };
}

type OneOrMany = string | readonly (string | undefined)[] | undefined;

function entries<T>(record: Readonly<Record<string, T>> | undefined): readonly (readonly [string, T])[] {
  return Object.entries(record ?? {});
}

function rules(acl: Partly<readonly Rule[]> | undefined, owner: Path): DraftRule[] {
  return (acl ?? []).map((rule, index) => ({
    path: [...owner, 'acl', index],
    from: rule?.from,
    to: rule?.to,
    protocol: rule?.protocol,
    port: rule?.port,
    action: rule?.action,
    // What the schema refuses is there still, as undefined.
    complete: rule?.action !== undefined && Object.values(rule).every((value) => value !== undefined),
  }));
}

/** What the schema refuses is there still, as undefined: it is not the default that was meant. */
function encapsulationIn(network: Partly<Network> | undefined): Encapsulation | undefined {
  if (network === undefined || (Object.hasOwn(network, 'type') && network.type === undefined)) return undefined;
  return encapsulationNamed(network.type);
}

function hubOf(mesh: unknown, path: Path): Sited<string> | undefined {
  if (typeof mesh === 'string') {
    const name = /^hub: *(.*)$/.exec(mesh)?.[1];
    return name === undefined ? undefined : { path, text: name, value: name };
  }
  const name = (mesh as { readonly hub?: string } | undefined)?.hub;
  return name === undefined ? undefined : { path: [...path, 'hub'], text: name, value: name };
}
