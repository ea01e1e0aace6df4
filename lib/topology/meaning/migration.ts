import { DEFAULT_BOUND } from '../../strategies/bounded.js';
import { DEFAULT_STRATEGY, SETTING_NAMES, strategiesReading, strategyOf } from '../../strategies/registry.js';
import { aboutKey, aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftVm } from '../draft.js';
import { parseBoundBytes, parseBytes, parseDurationMs } from '../units.js';

/** How VMs are to be moved: what is said is heard, and can be kept. */
export function* checkMigration(draft: Draft): Generator<Complaint> {
  for (const vm of draft.vms) {
    yield* checkHeard(vm);
    yield* checkBound(vm);
  }
}

/** A bound that nobody keeps is worse than none. */
function* checkHeard({ path, migration }: DraftVm): Generator<Complaint> {
  const { strategy, saysStrategy } = migration;
  if (strategy === undefined && saysStrategy) return;
  const name = strategy ?? DEFAULT_STRATEGY;
  const { tuning } = strategyOf(name);
  for (const setting of SETTING_NAMES) {
    if (migration[setting] === undefined || tuning?.reads === setting) continue;
    const readers = strategiesReading(setting).join(' or ');
    const message = `\`${setting}\` is for the strategy ${readers}, and this VM is moved by ${name}`;
    yield aboutKey([...path, 'migration', setting], message, `write \`strategy: ${readers}\`, or remove it`);
  }
}

function* checkBound({ path, memory, migration }: DraftVm): Generator<Complaint> {
  const { bound, timeout, strategy } = migration;
  const keepsBound = strategy !== undefined && strategyOf(strategy).tuning?.reads === 'bound';
  if (bound?.bytes !== undefined && memory !== undefined) {
    const bytes = parseBoundBytes(bound.bytes);
    if (bytes.kind === 'size' && bytes.bytes < parseBytes(memory)) {
      const message = `${bound.bytes} is less than its memory, which goes once whatever the guest does`;
      yield aboutValue([...path, 'migration', 'bound', 'bytes'], message, 'write `2x`, or a larger size');
    }
  }
  const durationMs = bound?.duration === undefined ? DEFAULT_BOUND.durationMs : parseDurationMs(bound.duration);
  if (!keepsBound || timeout === undefined || parseDurationMs(timeout) >= durationMs) return;
  const message = `the copy is called off after ${timeout}, before its bound of ${durationMs / 1000}s is reached`;
  yield aboutValue([...path, 'migration', 'timeout'], message, 'leave it out, or make it longer than `bound.duration`');
}
