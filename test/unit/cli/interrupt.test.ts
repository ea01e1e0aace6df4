import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t from 'tap';

const MODULE = new URL('../../../lib/cli/terminal/interrupt.js', import.meta.url).href;
const SCRIPT = `const { onInterrupt } = await import(${JSON.stringify(MODULE)});
const { signal } = onInterrupt((text) => console.log(text));
signal.addEventListener('abort', () => console.log(signal.reason.code));
setInterval(() => {}, 1000);
console.log('ready');`;

t.test('the first signal asks, the second one ends', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string;
  t.equal(await next(), 'ready');
  child.kill('SIGINT');
  t.equal(await next(), 'INTERRUPTED');
  t.match(await next(), /once more to leave at once/);
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  t.same(await closed, [130, null]);
});
