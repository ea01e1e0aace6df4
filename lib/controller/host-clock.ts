import type { Conversation, HostShell } from '../host/connection.js';
import { type ClockSample, estimateClockOffset } from '../measure/clock.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { VxmigError } from '../model/errors.js';

const SAMPLES = 20;
/** bash prints microseconds. */
const RESOLUTION_MS = 0.001;
/** A shell that stays: to start a program takes longer than the way to the host and back. */
const TELL_TIME = 'LC_ALL=C; while read -r _; do echo "$EPOCHREALTIME"; done';
const ANSWER_TIMEOUT_MS = 10_000;
/** Over one TCP connection to the guest's port 37, each line is a question: asked, told, answered, in seconds. */
const ASK_GUEST = `LC_ALL=C; exec 3<>"/dev/tcp/$1/37" || exit 1
for ((sample = 0; sample < 20; sample++)); do
  asked=$EPOCHREALTIME; echo >&3; IFS= read -r -t 2 told <&3 || exit 1; echo "$asked $told $EPOCHREALTIME"
done`;

/** The host's clock against ours; in the lab both are one, on real machines they never are. */
export async function measureClock(shell: HostShell): Promise<ClockOffset> {
  const conversation = await shell.converse(['bash', '-c', TELL_TIME]);
  const samples: ClockSample[] = [];
  try {
    let rest = '';
    for (let index = 0; index < SAMPLES; index += 1) {
      const askedAtMs = nowMs();
      conversation.say('\n');
      while (!rest.includes('\n')) rest += await nextText(shell.name, conversation);
      const answeredAtMs = nowMs();
      const [line = '', ...more] = rest.split('\n');
      rest = more.join('\n');
      samples.push({ askedAtMs, hostMs: Number(line) * 1000, answeredAtMs });
    }
  } finally {
    void conversation.end();
  }
  return estimateClockOffset(samples, { resolutionMs: RESOLUTION_MS });
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** @throws VxmigError SSH_CONNECT where nothing more comes */
async function nextText(host: string, conversation: Conversation): Promise<string> {
  return await new Promise((resolve, reject) => {
    const fail = () => {
      conversation.off('text', take);
      reject(new VxmigError('SSH_CONNECT', `${host} does not tell its time`, { where: host }));
    };
    const timer = setTimeout(fail, ANSWER_TIMEOUT_MS);
    const take = (text: string) => {
      clearTimeout(timer);
      resolve(text);
    };
    conversation.once('text', take);
    void conversation.ended.then(() => {
      clearTimeout(timer);
      fail();
    });
  });
}

/**
 * The clock of one of the lab's own guests against the host's: asked and timed there, so that our way to the host does
 * not blur it.
 */
export async function measureGuestClock(shell: HostShell, namespace: string, address: string): Promise<ClockOffset> {
  const argv = ['ip', 'netns', 'exec', namespace, 'timeout', '10', 'bash', '-c', ASK_GUEST, 'bash', address];
  const { stdout } = await shell.run(argv);
  const samples = stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [askedAtMs = Number.NaN, hostMs = Number.NaN, answeredAtMs = Number.NaN] = line
        .split(' ')
        .map((seconds) => Number(seconds) * 1000);
      return { askedAtMs, hostMs, answeredAtMs };
    });
  return estimateClockOffset(samples, { resolutionMs: RESOLUTION_MS });
}
