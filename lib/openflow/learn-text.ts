import type { Learn, LearnSpec } from './action.js';
import { fieldInfo, fieldNamed, isWhole, parseSubfield, renderSubfield, type Subfield, wholeField } from './field.js';
import { type Naming, nameOfBits, tableName } from './naming.js';
import { parseValue, renderHex, renderValue } from './value.js';

/** OpenFlow's default; OVS leaves it out when printing. */
export const DEFAULT_PRIORITY = 32768;

/** As a dump prints it, in that order: table, timeouts, priority, flags, cookie, specs. */
export function renderLearn(learn: Learn, naming?: Naming): string {
  const parts = [`table=${tableName(learn.table, naming)}`];
  if (learn.idleTimeoutSeconds !== 0) parts.push(`idle_timeout=${learn.idleTimeoutSeconds}`);
  if (learn.hardTimeoutSeconds !== 0) parts.push(`hard_timeout=${learn.hardTimeoutSeconds}`);
  if (learn.priority !== DEFAULT_PRIORITY) parts.push(`priority=${learn.priority}`);
  if (learn.deleteLearned) parts.push('delete_learned');
  if (learn.cookie !== 0n) parts.push(`cookie=${renderHex(learn.cookie)}`);
  return `learn(${[...parts, ...learn.specs.map((spec) => renderSpec(spec, naming))].join(',')})`;
}

function renderSpec(spec: LearnSpec, naming: Naming | undefined): string {
  const at = (subfield: Subfield) => nameOfBits(subfield, naming) ?? renderSubfield(subfield);
  if (spec.kind === 'output') return `output:${at(spec.source)}`;
  if (spec.kind === 'load') {
    return `load:${typeof spec.source === 'bigint' ? renderHex(spec.source) : at(spec.source)}->${at(spec.target)}`;
  }
  if (typeof spec.source === 'bigint') return renderLiteralMatch(spec.target, spec.source, naming);
  const [target, source] = [at(spec.target), at(spec.source)];
  return target === source ? target : `${target}=${source}`;
}

/** A whole field is written with its own name and in its own format, some bits of it as a number. */
function renderLiteralMatch(target: Subfield, value: bigint, naming: Naming | undefined): string {
  const name = nameOfBits(target, naming);
  if (name !== undefined) return `${name}=${renderHex(value)}`;
  if (!isWhole(target)) return `${renderSubfield(target)}=${renderHex(value)}`;
  return `${fieldInfo(target.field).name}=${renderValue(target.field, value)}`;
}

/** Reads what stands between the parentheses; undefined where it holds something that we do not speak. */
export function parseLearn(text: string): Learn | undefined {
  const numbers = new Map<string, bigint>();
  const specs: LearnSpec[] = [];
  let deleteLearned = false;
  for (const part of text.split(',').map((raw) => raw.trim())) {
    const option = /^(table|idle_timeout|hard_timeout|priority|cookie)=(\d+|0x[0-9a-f]+)$/.exec(part);
    if (option?.[1] !== undefined && option[2] !== undefined) numbers.set(option[1], BigInt(option[2]));
    else if (part === 'delete_learned') deleteLearned = true;
    else {
      const spec = parseSpec(part);
      if (spec === undefined) return undefined;
      specs.push(spec);
    }
  }
  return {
    kind: 'learn',
    table: Number(numbers.get('table') ?? 1),
    priority: Number(numbers.get('priority') ?? DEFAULT_PRIORITY),
    cookie: numbers.get('cookie') ?? 0n,
    idleTimeoutSeconds: Number(numbers.get('idle_timeout') ?? 0),
    hardTimeoutSeconds: Number(numbers.get('hard_timeout') ?? 0),
    deleteLearned,
    specs,
  };
}

function parseSpec(text: string): LearnSpec | undefined {
  if (text.startsWith('output:')) {
    const source = parseSubfield(text.slice('output:'.length));
    return source && { kind: 'output', source };
  }
  if (text.startsWith('load:')) {
    const [sourceText = '', targetText = ''] = text.slice('load:'.length).split('->');
    const target = parseSubfield(targetText);
    const source = /^\d/.test(sourceText) ? BigInt(sourceText) : parseSubfield(sourceText);
    return target === undefined || source === undefined ? undefined : { kind: 'load', target, source };
  }
  const [targetText = '', sourceText] = text.split('=');
  const target = parseSubfield(targetText);
  if (target === undefined) {
    const field = fieldNamed(targetText);
    if (field === undefined || sourceText === undefined) return undefined;
    return { kind: 'match', target: wholeField(field), source: parseValue(field, sourceText) };
  }
  if (sourceText === undefined) return { kind: 'match', target, source: target };
  const source = /^\d/.test(sourceText) ? BigInt(sourceText) : parseSubfield(sourceText);
  return source === undefined ? undefined : { kind: 'match', target, source };
}
