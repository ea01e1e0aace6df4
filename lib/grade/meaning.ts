import { VISIBILITIES } from '../model/grade.js';
import type { Topology } from '../model/topology.js';
import { aboutKey, aboutValue, type Complaint, type Path } from '../topology/complaint.js';
import { suggestion } from '../topology/suggest.js';
import { parseDurationMs } from '../topology/units.js';
import type { Check } from './file.js';
import { KIND_NAMES, kindOf } from './kinds.js';
import { listOf } from './names.js';
import { hundredthsOf } from './points.js';
import type { KindName } from './rubric.js';
import { MEASURES, type Measure } from './sight.js';

/** A check as it is written. */
export interface WrittenCheck {
  readonly name: string;
  readonly check: Check;
  /** It stands in the file of hidden checks. */
  readonly isHidden: boolean;
  /** The schema refused nothing in it. */
  readonly isWhole: boolean;
}

export function visibilityOf({ check, isHidden }: WrittenCheck): (typeof VISIBILITIES)[number] {
  return check.visibility ?? (isHidden ? 'after_published' : 'visible');
}

export function kindsIn(check: Check): readonly KindName[] {
  return KIND_NAMES.filter((name) => check[name] !== undefined);
}

/** What the reference's own rules stand against; the check has passed every test. */
export function lookDoubts({ check }: WrittenCheck, reference: Topology): readonly Complaint[] {
  const [name] = kindsIn(check);
  if (name === undefined) return [];
  const doubts = kindOf(name).doubts?.(check[name] as never, reference, { negative: check.not ?? false }) ?? [];
  return doubts.map((doubt) => ({ ...doubt, path: [name, ...doubt.path] }));
}

/** What the check expects stands in the reference, and nowhere else. */
export function needsReference({ check, isWhole }: WrittenCheck): boolean {
  const [name] = kindsIn(check);
  if (name === undefined || !isWhole) return false;
  return kindOf(name).needsReference?.(check[name] as never, { negative: check.not ?? false }) ?? false;
}

/**
 * What is wrong with what a check counts; paths begin within it. It may have holes where the schema refused something.
 */
export function countComplaints(written: WrittenCheck): readonly Complaint[] {
  return [...pointsComplaints(written), ...visibilityComplaints(written)];
}

/** What is wrong with what it looks at, and how; its shape is right. */
export function lookComplaints({ check, name }: WrittenCheck, reference: Topology | null): readonly Complaint[] {
  const [kindName, second] = kindsIn(check);
  if (kindName === undefined)
    return [aboutKey([], `check ${name} looks at nothing`, `add one of ${KIND_NAMES.join(', ')}`)];
  if (second !== undefined)
    return [aboutKey([second], `check ${name} looks at \`${kindName}\` and at \`${second}\``, 'make two checks of it')];
  const kind = kindOf(kindName);
  const wanted = check[kindName] as never;
  return [
    ...negationComplaints(check, kind.insteadOfNot),
    ...retryComplaints(check, kind.look.at === 'file'),
    ...holdComplaints(check, { isStatic: kind.look.at === 'file', kind: kindName }),
    ...bandComplaints(check, kind.measures),
    ...kind
      .complaints(wanted, reference, { negative: check.not ?? false })
      .map((complaint) => ({ ...complaint, path: [kindName, ...complaint.path] })),
  ];
}

function pointsComplaints(written: WrittenCheck): Complaint[] {
  const { points, level } = written.check;
  if (points === undefined) return [];
  if (hundredthsOf(points) === null)
    return [aboutValue(['points'], `${points} points: steps are 0.01`, 'round it to two decimals')];
  if (points === 0) return [];
  if (level === 'warning')
    return [aboutValue(['points'], 'no points hang on a warning', 'leave `points` out, or `level`')];
  if (visibilityOf(written) !== 'hidden') return [];
  const fix = 'write `visibility: after_published`, or `points: 0`';
  return [aboutValue(['points'], 'what nobody may ever see gives no points', fix)];
}

function visibilityComplaints({ check, isHidden }: WrittenCheck): Complaint[] {
  if (!isHidden || check.visibility !== 'visible') return [];
  const fix = 'move it to the rubric, or write `after_published`';
  return [aboutValue(['visibility'], 'a check in the hidden file is not visible', fix)];
}

function negationComplaints(check: Check, instead: string | null): Complaint[] {
  return check.not === true && instead !== null ? [aboutKey(['not'], '`not` means nothing here', instead)] : [];
}

function retryComplaints({ retry }: Check, isStatic: boolean): Complaint[] {
  if (retry === undefined) return [];
  if (isStatic) return [aboutKey(['retry'], '`retry` means nothing here: a file does not change', 'leave it out')];
  const { for: time, every } = typeof retry === 'string' ? { for: retry, every: undefined } : retry;
  const place: Path = typeof retry === 'string' ? ['retry'] : ['retry', 'for'];
  if (parseDurationMs(time) > LONGEST_RETRY_MS) return [aboutValue(place, `${time} is too long`, 'at most 10m')];
  return every !== undefined && parseDurationMs(every) < SHORTEST_PAUSE_MS
    ? [aboutValue(['retry', 'every'], `${every} is too short`, 'at least 100ms')]
    : [];
}

function holdComplaints(
  { hold }: Check,
  { isStatic, kind }: { readonly isStatic: boolean; readonly kind: KindName },
): Complaint[] {
  if (hold === undefined) return [];
  if (isStatic) return [aboutKey(['hold'], '`hold` means nothing here: a file does not change', 'leave it out')];
  // To migrate again is another check, and packets are listened to for as long as `within` says.
  if (kind === 'migrate') return [aboutKey(['hold'], '`hold` means nothing here: a VM moves once', 'leave it out')];
  return parseDurationMs(hold) > LONGEST_HOLD_MS ? [aboutValue(['hold'], `${hold} is too long`, 'at most 1m')] : [];
}

const LONGEST_HOLD_MS = 60_000;
const LONGEST_RETRY_MS = 600_000;
const SHORTEST_PAUSE_MS = 100;

function bandComplaints({ partial, not, ...check }: Check, measures: readonly Measure[]): Complaint[] {
  if (partial === undefined || typeof partial === 'string') return [];
  if (not === true) return [aboutKey(['partial'], 'a negative check measures nothing', 'leave `partial` out')];
  return MEASURES.flatMap((measure): Complaint[] => {
    const bands = partial[measure];
    if (bands === undefined) return [];
    const path = ['partial', measure];
    if (!measures.includes(measure)) {
      const fix = measures.length === 0 ? 'write `partial: ratio`' : `there is ${measures.join(', ')}`;
      return [aboutKey(path, `\`${measure}\` is not measured here`, fix)];
    }
    if (check.migrate?.[measure] !== undefined)
      return [
        aboutKey(
          path,
          `\`${measure}\` has a limit already`,
          `leave \`migrate.${measure}\` out: the last band is the limit`,
        ),
      ];
    if (bands[0]?.credit !== 1)
      return [aboutKey([...path, 0, 'credit'], 'the first band gives no full credit', 'begin with `credit: 1`')];
    const limits = bands.map(({ upTo }) => bandLimit(upTo));
    return bands.flatMap(({ credit }, index) => {
      const before = bands[index - 1];
      if (before === undefined) return [];
      if (bandLimit(before.upTo) >= (limits[index] ?? 0))
        return [aboutValue([...path, index, 'upTo'], 'it is not beyond the band before', 'order them upwards')];
      if (before.credit > credit) return [];
      return [aboutValue([...path, index, 'credit'], 'it is no less than in the band before', 'give less credit')];
    });
  });
}

/** Pings, or milliseconds. */
export function bandLimit(upTo: number | string): number {
  return typeof upTo === 'number' ? upTo : parseDurationMs(upTo);
}

/**
 * What is wrong with `needs`: paths begin within the check.
 * @param names of all checks, also of those whose shape is wrong
 */
export function needsComplaints(
  written: WrittenCheck,
  { checks, names }: { readonly checks: ReadonlyMap<string, WrittenCheck>; readonly names: readonly string[] },
): Complaint[] {
  const { needs } = written.check;
  return listOf(needs).flatMap((need, index): Complaint[] => {
    const path: Path = typeof needs === 'string' ? ['needs'] : ['needs', index];
    if (!names.includes(need)) return [aboutValue(path, `there is no check ${need}`, suggestion(need, names))];
    if (need === written.name) return [aboutValue(path, 'it needs itself', 'remove it')];
    const needed = checks.get(need);
    if (needed === undefined) return [];
    const round = wayBack(written.name, need, checks);
    if (round !== null)
      return [aboutValue(path, `it needs itself: ${[written.name, ...round].join(' → ')}`, 'break the circle')];
    if (VISIBILITIES.indexOf(visibilityOf(needed)) <= VISIBILITIES.indexOf(visibilityOf(written))) return [];
    const fix = 'make it as visible, or this one as hidden';
    return [aboutValue(path, `${need} is less visible: to be skipped would tell of it`, fix)];
  });
}

/** How `from` comes back to `target` by `needs`; null: it does not. */
function wayBack(target: string, from: string, checks: ReadonlyMap<string, WrittenCheck>): string[] | null {
  const seen = new Set<string>();
  const visit = (name: string): string[] | null => {
    if (name === target) return [name];
    if (seen.has(name)) return null;
    seen.add(name);
    for (const next of listOf(checks.get(name)?.check.needs)) {
      const rest = visit(next);
      if (rest !== null) return [name, ...rest];
    }
    return null;
  };
  return visit(from);
}
