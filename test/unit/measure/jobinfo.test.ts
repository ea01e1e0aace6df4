import t from 'tap';
import { parseJobStats, transferFigures } from '../../../lib/measure/jobinfo.js';

/** What libvirt 11.3 printed on the destination. */
const COMPLETED = `Job type: 3

operation: 4
time_elapsed: 4684
time_elapsed_net: 4682
downtime: 26
downtime_net: 24
setup_time: 2
data_total: 134750208
data_processed: 94652697
data_remaining: 0
memory_total: 134750208
memory_processed: 94652697
memory_remaining: 0
memory_bps: 21910346
memory_constant: 9956
memory_normal: 23015
memory_normal_bytes: 94269440
memory_dirty_rate: 0
memory_iteration: 3
memory_postcopy_requests: 0
memory_page_size: 4096
disk_total: 0
disk_processed: 0
disk_remaining: 0
`;

t.test('a completed migration', (t) => {
  const stats = parseJobStats(COMPLETED);
  t.match(stats, {
    type: 'completed',
    elapsedMs: 4684,
    downtimeMs: 26,
    pageSizeBytes: 4096,
    dirtyPagesPerSecond: 0,
    autoConvergeThrottlePercent: null,
  });
  t.same(stats && transferFigures(stats), {
    durationMs: 4684,
    downtimeMs: 26,
    transferredBytes: 94652697,
    memoryBytes: 94652697,
    iterations: 3,
    throughputBytesPerSecond: 21910346,
  });
  t.end();
});

t.test('a running one tells the downtime that QEMU expects, and has no figures yet', (t) => {
  const stats = parseJobStats(
    'Job type: 2\n\noperation: 5\ntime_elapsed: 918\ndowntime: 300\nmemory_total: 134750208\n' +
      'memory_remaining: 121188352\n',
  );
  t.match(stats, { type: 'unbounded', memoryRemainingBytes: 121188352, downtimeMs: 300 });
  t.equal(stats && transferFigures(stats), null);
  t.end();
});

t.test('before the memory is counted nothing is known to remain', (t) => {
  const output =
    'Job type: 2\n\noperation: 5\ntime_elapsed: 314\ndata_total: 0\ndata_remaining: 0\nmemory_total: 0\n' +
    'memory_remaining: 0\n';
  t.match(parseJobStats(output), { type: 'unbounded', memoryRemainingBytes: null });
  t.end();
});

t.test('no job, a failed job, no output', (t) => {
  t.match(parseJobStats('Job type: 0\n\n'), { type: 'none', elapsedMs: null });
  t.match(parseJobStats('Job type: 4\n\nerrmsg: connection: lost\n'), { type: 'failed' });
  t.equal(parseJobStats(''), null);
  t.equal(parseJobStats('error: failed to get domain'), null);
  t.end();
});

t.test('without QEMU’s throughput it is bytes by time', (t) => {
  const stats = parseJobStats('Job type: 3\n\ntime_elapsed: 2000\ndata_processed: 4000\nmemory_bps: 0\n');
  t.match(stats && transferFigures(stats), { throughputBytesPerSecond: 2000, downtimeMs: null, iterations: 0 });
  t.end();
});
