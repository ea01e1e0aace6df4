import { Parser, type Result } from 'tap-parser';

/** A test that was left out, and why. */
export interface Skipped {
  readonly test: string;
  readonly reason: string;
}

export interface FileOutcome {
  readonly file: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
}

/** An assertion that failed, with what tap says of it. */
export interface Failure {
  readonly test: string;
  readonly detail: unknown;
}

interface TestNode {
  readonly name: string;
  readonly children: TestNode[];
  readonly points: Point[];
  ok: boolean;
  skip: string | null;
}

type Point = Pick<Result, 'ok' | 'name' | 'skip' | 'todo'>;

/**
 * Reads the TAP of a whole run (one subtest for each file) and tells of each file when it has ended. What counts is
 * the test, not the assertion: a test that holds tests counts by those; a file without tests inside is one test.
 */
export function tallyParser(onFile: (outcome: FileOutcome) => void, onFailure: (failure: Failure) => void): Parser {
  const parser = new Parser();
  let file = newNode('');
  parser.on('child', (child: Parser) => {
    file = newNode(child.name);
    follow(child, file, [child.name], onFailure);
  });
  parser.on('assert', (result: Result) => {
    file.ok = result.ok;
    file.skip = skipReason(result);
    const counted = count(file, [result.name]);
    onFile({ file: result.name, ok: result.ok, durationMs: result.time ?? 0, ...counted });
    file = newNode('');
  });
  return parser;
}

function follow(parser: Parser, node: TestNode, path: readonly string[], onFailure: (failure: Failure) => void): void {
  let child: TestNode | null = null;
  parser.on('child', (inner: Parser) => {
    child = newNode(inner.name);
    node.children.push(child);
    follow(inner, child, [...path, inner.name], onFailure);
  });
  parser.on('assert', (result: Result) => {
    if (child !== null && result.closingTestPoint) {
      child.ok = result.ok;
      child.skip = skipReason(result);
    } else {
      node.points.push(result);
    }
    // A test that holds a failed assertion fails too; its own complaint is worth reading only where it is the first
    // one.
    const told = child !== null && result.closingTestPoint && hasFailure(child);
    if (!result.ok && !told && !result.todo)
      onFailure({ test: [...path, result.name].join(' > '), detail: result.diag });
    if (result.closingTestPoint) child = null;
  });
}

function count(node: TestNode, path: readonly string[]): { passed: number; failed: number; skipped: Skipped[] } {
  const test = path.join(' > ');
  if (node.skip !== null) return { passed: 0, failed: 0, skipped: [{ test, reason: node.skip }] };
  const skipped = node.points.flatMap((point) => {
    const reason = skipReason(point);
    return reason === null ? [] : [{ test: `${test} > ${point.name}`, reason }];
  });
  if (node.children.length === 0) {
    const ran = !node.ok || node.points.length > skipped.length;
    return { passed: ran && node.ok ? 1 : 0, failed: node.ok ? 0 : 1, skipped };
  }
  const parts = node.children.map((child) => count(child, [...path, child.name]));
  const failed = sum(parts.map((part) => part.failed));
  return {
    passed: sum(parts.map((part) => part.passed)),
    // It failed by itself: a timeout, or an assertion between its tests.
    failed: failed === 0 && !node.ok ? 1 : failed,
    skipped: [...skipped, ...parts.flatMap((part) => part.skipped)],
  };
}

function hasFailure(node: TestNode): boolean {
  return node.points.some((point) => !point.ok && !point.todo) || node.children.some((child) => !child.ok);
}

function skipReason(result: Pick<Result, 'skip' | 'todo'>): string | null {
  if (result.skip) return typeof result.skip === 'string' && result.skip !== '' ? result.skip : 'no reason given';
  if (result.todo) return typeof result.todo === 'string' && result.todo !== '' ? `to do: ${result.todo}` : 'to do';
  return null;
}

function newNode(name: string): TestNode {
  return { name, children: [], points: [], ok: true, skip: null };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
