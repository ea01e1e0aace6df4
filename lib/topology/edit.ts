import { isDeepStrictEqual } from 'node:util';
import { isNode, parseDocument } from 'yaml';
import { VxmigError } from '../model/errors.js';

/**
 * The file's text with `host:` of `vm` changed to `host`; comments and all other bytes stay as they are.
 * @throws {VxmigError} NOT_FOUND where the text has no such VM or host
 * @throws {VxmigError} TOPOLOGY_INVALID where the value is shared by an alias, so that changing it would change more
 */
export function withVmHost(source: string, vm: string, host: string): string {
  const before = parse(source);
  const vms = before.vms;
  const entry = isRecord(vms) && Object.hasOwn(vms, vm) ? vms[vm] : undefined;
  if (!isRecord(entry) || typeof entry.host !== 'string') throw new VxmigError('NOT_FOUND', `the file has no VM ${vm}`);
  const hosts = before.hosts;
  if (!isRecord(hosts) || !Object.hasOwn(hosts, host))
    throw new VxmigError('NOT_FOUND', `the file has no host ${host}`);
  const [start, end] = hostRange(source, vm) ?? [0, 0];
  const edited = source.slice(0, start) + quotedLike(source.slice(start, end), host) + source.slice(end);
  entry.host = host;
  if (start === end || !isDeepStrictEqual(parse(edited), before)) throw shared(vm);
  return edited;
}

/** Where the value stands, as offsets into the text: of an alias or an anchored value, only itself. */
function hostRange(source: string, vm: string): readonly [number, number] | null {
  const value: unknown = parseDocument(source).getIn(['vms', vm, 'host'], true);
  return isNode(value) && value.range ? [value.range[0], value.range[1]] : null;
}

function quotedLike(old: string, host: string): string {
  const quote = /^["']/.exec(old)?.[0] ?? (PLAIN_MEANS_SOMETHING_ELSE.has(host) ? '"' : '');
  return quote + host + quote;
}

/** Names that YAML 1.1 or 1.2 reads as something else than text. */
const PLAIN_MEANS_SOMETHING_ELSE = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n']);

function parse(source: string): Record<string, unknown> {
  const value: unknown = parseDocument(source).toJS();
  return isRecord(value) ? value : {};
}

function shared(vm: string): VxmigError {
  return new VxmigError('TOPOLOGY_INVALID', `\`host\` of VM ${vm} is shared with something else by an alias`, {
    hint: 'Change the file by hand.',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
