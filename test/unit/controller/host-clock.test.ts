import t from 'tap';
import { measureClock, measureGuestClock } from '../../../lib/controller/host-clock.js';
import { ScriptedShell } from './scripted-shell.js';

const HOUR_MS = 3_600_000;
const seconds = (ms: number) => (ms / 1000).toFixed(6);
const now = () => performance.timeOrigin + performance.now();

t.test('a host’s clock is compared with ours over one conversation, which is ended', async (t) => {
  let questions = 0;
  const shell = new ScriptedShell('host-a').onTalk(/^bash -c LC_ALL=C; while read/, (said) => {
    if (said !== '\n') return '';
    questions += 1;
    return `${seconds(now() + HOUR_MS)}\n`;
  });
  const { offsetMs, errorMs } = await measureClock(shell);
  t.equal(questions, 20);
  t.equal(shell.asked.length, 1);
  t.ok(Math.abs(offsetMs - HOUR_MS) <= errorMs + 1, `${offsetMs} ± ${errorMs}`);
});

t.test('an answer that comes in pieces is one answer', async (t) => {
  const shell = new ScriptedShell('host-a').onTalk(/^bash -c/, (said) => {
    if (said !== '\n') return '';
    const text = `${seconds(now() + HOUR_MS)}\n`;
    return [text.slice(0, 5), text.slice(5)];
  });
  const { offsetMs, errorMs } = await measureClock(shell);
  t.ok(Math.abs(offsetMs - HOUR_MS) <= errorMs + 1, `${offsetMs} ± ${errorMs}`);
});

t.test('a host that hangs up does not tell its time', async (t) => {
  const shell = new ScriptedShell('host-a').onTalk(/^bash -c/, () => '');
  const measured = measureClock(shell);
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await shell.hangUp();
  await t.rejects(measured, { code: 'SSH_CONNECT', where: 'host-a', message: 'host-a does not tell its time' });
});

t.test('a guest’s clock is asked and timed on the host', async (t) => {
  const line = (asked: number, told: number, answered: number) => [asked, told, answered].map(seconds).join(' ');
  const lines = [line(1_000_000, 1_005_010, 1_000_040), line(2_000_000, 2_005_001, 2_000_002)];
  const shell = new ScriptedShell('host-c').on(
    /^ip netns exec pr-blue timeout 10 bash -c .* bash 10\.9\.0\.1$/s,
    `${lines.join('\n')}\n`,
  );
  const { offsetMs, errorMs } = await measureGuestClock(shell, 'pr-blue', '10.9.0.1');
  t.ok(Math.abs(offsetMs - 5_000) < 1.1, String(offsetMs));
  t.ok(errorMs < 1.1, 'the quickest answer decides');
  shell.on(/^ip netns/, { exitCode: 1, stderr: 'connection refused' });
  await t.rejects(measureGuestClock(shell, 'pr-blue', '10.9.0.1'), { code: 'COMMAND_FAILED' });
});
