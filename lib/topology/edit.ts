import { isDeepStrictEqual } from 'node:util';
import { isNode, isScalar, type Scalar } from 'yaml';
import { VxmigError } from '../model/errors.js';
import type { Problem } from '../model/problem.js';
import { placeOfPath } from './places.js';
import { TopologyError } from './topology-error.js';
import { readYaml, type YamlSource } from './yaml-source.js';

/**
 * The file's text with `host:` of `vm` changed to `host`; comments and all other bytes stay as they are.
 * @param file for messages
 * @throws {VxmigError} NOT_FOUND where the text has no such VM or host
 * @throws {TopologyError} where the value does not stand for this VM alone, so that changing it would change more
 */
export function withVmHost(source: string, file: string, { vm, host }: { vm: string; host: string }): string {
  const { source: yaml } = readYaml(source, file, 'topology');
  const before = recordOf(yaml?.value());
  const entry = ownOf(before.vms, vm);
  if (yaml === null || !isRecord(entry) || typeof entry.host !== 'string')
    throw new VxmigError('NOT_FOUND', `${file} has no VM ${vm}`, { where: file });
  if (ownOf(before.hosts, host) === undefined)
    throw new VxmigError('NOT_FOUND', `${file} has no host ${host}`, { where: file });
  const value: unknown = yaml.document.getIn(['vms', vm, 'host'], true);
  if (!isNode(value) || !value.range) throw notItsOwn(yaml, file, vm);
  if (isScalar(value) && isBlock(value)) throw overLines(yaml, file, vm);
  const [start, end] = value.range;
  const edited = source.slice(0, start) + quotedLike(source.slice(start, end), host) + source.slice(end);
  entry.host = host;
  if (!isDeepStrictEqual(recordOf(readYaml(edited, file, 'topology').source?.value()), before))
    throw shared(yaml, file, vm);
  return edited;
}

function quotedLike(old: string, host: string): string {
  const quote = /^["']/.exec(old)?.[0] ?? (PLAIN_MEANS_SOMETHING_ELSE.has(host) ? '"' : '');
  return quote + host + quote;
}

/** Names that YAML 1.1 or 1.2 reads as something else than text. */
const PLAIN_MEANS_SOMETHING_ELSE = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n']);

function isBlock({ type }: Scalar): boolean {
  return type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
}

function shared(yaml: YamlSource, file: string, vm: string): TopologyError {
  const place = placeOfPath(yaml.document, yaml.lines, ['vms', vm, 'host'], 'value');
  const message = `\`host\` of VM ${vm} has an anchor (\`&NAME\`) that something else in the file refers to`;
  return refused({ file, ...place, message, fix: `write the host's name itself in each place, without anchor` });
}

/** The VM is an alias as a whole, or something around it is. */
function notItsOwn(yaml: YamlSource, file: string, vm: string): TopologyError {
  const place = placeOfPath(yaml.document, yaml.lines, ['vms', vm], 'key');
  const message = `VM ${vm} has no \`host:\` of its own, but one that an alias stands for`;
  return refused({ file, ...place, message, fix: `write the VM out, with its own \`host:\`, in place of the alias` });
}

function overLines(yaml: YamlSource, file: string, vm: string): TopologyError {
  const place = placeOfPath(yaml.document, yaml.lines, ['vms', vm, 'host'], 'value');
  const message = `\`host\` of VM ${vm} is written as a text of several lines`;
  return refused({ file, ...place, message, fix: 'write it on the same line, as in `host: host-a`' });
}

/** Whoever wants the edit can go without it, which the file's other mistakes do not allow. */
function refused({ message, ...problem }: Problem): TopologyError {
  return new TopologyError([{ ...problem, message: `--write cannot change the file: ${message}` }], '');
}

function ownOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
