import type { Action } from './action.js';
import { note } from './action.js';
import { fieldInfo, fieldNamed, fullMask, maskOf, parseSubfield, renderSubfield, type Subfield } from './field.js';
import { parseLearn, renderLearn } from './learn-text.js';
import { type Naming, nameOfBits, tableName } from './naming.js';
import { type Masked, parseMasked, parsePort, renderHex, renderMasked, renderPort } from './value.js';

/** As `ovs-ofctl -O OpenFlow15 dump-flows` prints them, or with names for people. */
export function renderActions(actions: readonly Action[], naming?: Naming): string {
  return actions.length === 0 ? 'drop' : actions.map((action) => renderAction(action, naming)).join(',');
}

function renderAction(action: Action, naming: Naming | undefined): string {
  switch (action.kind) {
    case 'output':
      return /^\d/.test(renderPort(action.port)) ? `output:${action.port}` : renderPort(action.port);
    case 'output-bits':
      return `output:${nameOfBits(action.source, naming) ?? renderSubfield(action.source)}`;
    case 'goto-table':
      return `goto_table:${tableName(action.table, naming)}`;
    case 'resubmit':
      return renderResubmit(action.port, action.table, naming);
    case 'set':
      return renderSet(action.target, action.value, naming);
    case 'move': {
      const [source, target] = [action.source, action.target].map((at) => nameOfBits(at, naming) ?? renderSubfield(at));
      return `move:${source}->${target}`;
    }
    case 'controller':
      return `CONTROLLER:${action.maxLength}`;
    case 'note':
      return `note:${action.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('.')}`;
    case 'learn':
      return renderLearn(action, naming);
    case 'other':
      return action.text;
  }
}

function renderResubmit(port: number | null, table: number | null, naming: Naming | undefined): string {
  if (table === null) return `resubmit:${port === null ? 'IN_PORT' : renderPort(port)}`;
  return `resubmit(${port === null ? '' : renderPort(port)},${tableName(table, naming)})`;
}

function renderSet(target: Subfield, value: bigint, naming: Naming | undefined): string {
  const name = nameOfBits(target, naming);
  if (name !== undefined) return `set_field:${renderHex(value)}->${name}`;
  const masked = { value: value << BigInt(target.from), mask: maskOf(target) };
  return `set_field:${renderMasked(target.field, masked)}->${setFieldName(target)}`;
}

/** In set_field OVS says ip_src where a match says nw_src; our names are those of set_field, but for the protocol. */
function setFieldName(target: Subfield): string {
  return target.field === 'nw_proto' ? 'ip_proto' : fieldInfo(target.field).name;
}

/**
 * Reads the actions of a dump, in the words of OpenFlow 1.0 to 1.5 (`load:` and `set_field:` become the same).
 * What we do not speak is kept as text, so that a foreign flow can be read, shown and compared.
 */
export function parseActions(text: string): Action[] {
  if (text === 'drop' || text === '') return [];
  return splitTopLevel(text).map((part) => parseAction(part) ?? { kind: 'other', text: part });
}

function parseAction(text: string): Action | undefined {
  const found = /^(\w+)(?::(.*)|\((.*)\))?$/s.exec(text);
  const word = found?.[1];
  const argument = found?.[2] ?? found?.[3];
  if (word === undefined) return undefined;
  if (argument === undefined) return parsePortAction(word);
  const colon = found?.[2] !== undefined;
  switch (word) {
    case 'output':
      return parseOutput(argument);
    case 'goto_table':
      return /^\d+$/.test(argument) ? { kind: 'goto-table', table: Number(argument) } : undefined;
    case 'resubmit':
      return parseResubmit(argument, colon);
    case 'load':
    case 'set_field':
      return parseSet(word, argument);
    case 'move':
      return parseMove(argument);
    case 'CONTROLLER':
      return /^\d+$/.test(argument) ? { kind: 'controller', maxLength: Number(argument) } : undefined;
    case 'note':
      return note(
        ...argument
          .split('.')
          .filter(Boolean)
          .map((byte) => Number.parseInt(byte, 16)),
      );
    case 'learn':
      return parseLearn(argument);
    case 'mod_dl_src':
    case 'mod_dl_dst':
      return parseSet('set_field', `${argument}->${word === 'mod_dl_src' ? 'eth_src' : 'eth_dst'}`);
    default:
      return undefined;
  }
}

function parsePortAction(word: string): Action | undefined {
  const port = /^\d/.test(word) ? undefined : parsePort(word);
  return port === undefined ? undefined : { kind: 'output', port };
}

function parseOutput(argument: string): Action | undefined {
  const port = parsePort(argument);
  if (port !== undefined) return { kind: 'output', port };
  const source = parseSubfield(argument);
  return source && { kind: 'output-bits', source };
}

function parseResubmit(argument: string, isPortOnly: boolean): Action | undefined {
  const [portText = '', tableText = '', more] = isPortOnly ? [argument] : argument.split(',');
  // `resubmit(,5,ct)` searches with the tracked tuple, which is another action.
  if (more !== undefined || !/^\d*$/.test(tableText)) return undefined;
  const port = portText === '' || portText.toUpperCase() === 'IN_PORT' ? null : parsePort(portText);
  return port === undefined
    ? undefined
    : { kind: 'resubmit', port, table: tableText === '' ? null : Number(tableText) };
}

function parseSet(word: 'load' | 'set_field', argument: string): Action | undefined {
  const [valueText, targetText] = argument.split('->');
  if (valueText === undefined || targetText === undefined) return undefined;
  if (word === 'load') {
    const target = parseSubfield(targetText);
    return target && { kind: 'set', target, value: BigInt(valueText) };
  }
  const field = fieldNamed(targetText);
  return field && contiguous(field, parseMasked(field, valueText));
}

/** A mask with holes is two writes in our words, so such an action stays text. */
function contiguous(field: Subfield['field'], { value, mask }: Masked): Action | undefined {
  if (mask === 0n) return undefined;
  let from = 0;
  while (((mask >> BigInt(from)) & 1n) === 0n) from++;
  const to = from + (mask >> BigInt(from)).toString(2).length - 1;
  const target: Subfield =
    mask === fullMask(field) ? { field, from: 0, to: fieldInfo(field).bits - 1 } : { field, from, to };
  return maskOf(target) === mask ? { kind: 'set', target, value: value >> BigInt(target.from) } : undefined;
}

function parseMove(argument: string): Action | undefined {
  const [source, target] = argument.split('->').map(parseSubfield);
  return source !== undefined && target !== undefined ? { kind: 'move', source, target } : undefined;
}

/** Splits at commas that stand outside of parentheses. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter((part) => part !== '');
}
