import type { HostShell } from '../host/connection.js';
import { estimateClockOffset } from '../measure/clock.js';
import type { ClockOffset } from '../model/clock-offset.js';

const SAMPLES = 5;
/** GNU date prints nanoseconds; what is left of them in a number of milliseconds. */
const RESOLUTION_MS = 0.001;

/** The host's clock against ours; in the lab both are one, on real machines they never are. */
export async function measureClock(shell: HostShell): Promise<ClockOffset> {
  const samples = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    const askedAtMs = performance.timeOrigin + performance.now();
    const { stdout } = await shell.run(['date', '+%s.%N']);
    const answeredAtMs = performance.timeOrigin + performance.now();
    samples.push({ askedAtMs, hostMs: Number(stdout.trim()) * 1000, answeredAtMs });
  }
  return estimateClockOffset(samples, { resolutionMs: RESOLUTION_MS });
}
