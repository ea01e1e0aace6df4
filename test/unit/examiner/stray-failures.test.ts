import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const MODULE = fileURLToPath(new URL('../../../lib/examiner/stray-failures.js', import.meta.url));

/** In a process of its own: this one's failures are the runner's. */
function run(script: string) {
  const text = `import { catchStrayFailures } from ${JSON.stringify(MODULE)};
const strays = catchStrayFailures((text) => console.log('unclaimed: ' + text));
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
${script}`;
  const argv = ['--input-type=module', '--eval', text];
  const { status, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 30_000 });
  return { status, stdout };
}

t.test('a failure that nobody waits for is that of what is being carried out, and ends nothing', async (t) => {
  const { status, stdout } = run(`
for (const fail of [() => Promise.reject(new Error('one')), () => setImmediate(() => { throw new Error('two'); })]) {
  fail();
  await strays.during(later(10_000)).catch((error) => console.log(error.constructor.name + ': ' + error.message));
}
console.log(await strays.during(later(20).then(() => 'as it is')));
Promise.reject(new Error('three'));
await later(20);
process.exit(0);
`);
  t.equal(
    stdout,
    'OwnFault: a fault of vxmig itself: one\nOwnFault: a fault of vxmig itself: two\nas it is\n' +
      'unclaimed: a fault of vxmig itself: three\n',
  );
  t.equal(status, 0);
});

t.test('released, they end the process again', async (t) => {
  t.match(run(`strays.release(); Promise.reject(new Error('four')); await later(10_000);`), { status: 1 });
});
