import { messageOf } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';
import { bytesPerSecond } from '../model/quantities.js';
import type { UnderlaySegment } from '../model/topology.js';
import { segmentGateway, segmentUplink } from './lab-names.js';
import { type Inside, runInside } from './run-inside.js';

/** tc-tbf(8): the queue may hold what is sent in this time. */
const TBF_LATENCY = '50ms';
const MINIMUM_BURST_BYTES = 32 * 1024;
/** The bucket is filled by the clock tick; HZ is 100 on the slowest kernels. */
const BURST_SECONDS = 0.01;

/**
 * Delays and limits what enters and leaves the segment, where the kernel can; what it can't do comes back as a warning.
 * @param router the router's namespace
 */
export async function shapeSegment(router: Inside, segment: UnderlaySegment): Promise<LabWarning[]> {
  const devices = [segmentUplink(segment.name), segmentGateway(segment.name)];
  const delayed = segment.delayMs === null ? false : await applied(router, devices, netem(segment.delayMs));
  const limited =
    segment.rate === null ? false : await applied(router, devices, tbf(segment.rate, delayed === true ? '1:1' : null));
  const warnings: LabWarning[] = [];
  if (typeof delayed === 'string') {
    warnings.push({
      code: 'delay-unavailable',
      message: `Segment ${segment.name} has no delay of ${segment.delayMs} ms: this kernel lacks netem (${delayed}).`,
      hint: 'Load the module sch_netem, or read latencies of this lab as those without delay.',
    });
  }
  if (typeof limited === 'string') {
    warnings.push({
      code: 'rate-unavailable',
      message: `Segment ${segment.name} is not limited to ${segment.rate}: this kernel lacks tbf (${limited}).`,
      hint: 'Load the module sch_tbf, or read throughputs of this lab as those without a limit.',
    });
  }
  return warnings;
}

/** True, or why not. */
async function applied(router: Inside, devices: readonly string[], qdisc: readonly string[]): Promise<true | string> {
  try {
    for (const device of devices) {
      await runInside(router, ['tc', 'qdisc', 'replace', 'dev', device, ...qdisc], { enter: 'network' });
    }
    return true;
  } catch (error) {
    return messageOf(error);
  }
}

function netem(delayMs: number): string[] {
  return ['root', 'handle', '1:', 'netem', 'delay', `${delayMs}ms`, 'limit', '10000'];
}

function tbf(rate: string, parent: string | null): string[] {
  const place = parent === null ? ['root'] : ['parent', parent, 'handle', '10:'];
  return [...place, 'tbf', 'rate', rate, 'burst', `${burstBytes(rate)}b`, 'latency', TBF_LATENCY];
}

/** A bucket that is smaller than what comes in one clock tick keeps the rate from being reached (tc-tbf(8)). */
export function burstBytes(rate: string): number {
  return Math.max(MINIMUM_BURST_BYTES, Math.ceil(bytesPerSecond(rate) * BURST_SECONDS));
}
