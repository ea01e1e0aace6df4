import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { guardMigrate, type MigrateGuardSettings } from '../../../lib/compute/libvirt/migrate-guard.js';
import { LocalShell } from '../host/local-shell.js';

/**
 * What becomes of lines said to libvirt at the destination: it does as it is told, it answers nothing any more, its
 * connection breaks at the first line, or there is none and only who connects anew gets through.
 */
export type FarEnd = 'works' | 'silent' | 'breaks' | 'anew' | 'unreachable';

/**
 * A guard on this machine that migrates the domain `a web`; libvirt at both ends is files, and its QEMU is whatever
 * process the test says.
 */
export interface MovingDomain {
  readonly command: Awaited<ReturnType<typeof guardMigrate>>;
  readonly local: LocalShell;
  /**
   * What was done, a line each: `here …` and `there …` a virsh of its own, `far …` a line to the one that stays
   * connected, `job …`.
   */
  lines(): Promise<string[]>;
  /** Waits until a line begins so. */
  seen(start: string): Promise<void>;
  /** virsh ends with that status; above 128 it was killed, and libvirtd's job goes on. */
  jobEnds(status: number): Promise<void>;
  farEndIs(far: FarEnd): Promise<void>;
  /** How often libvirt still refuses to abort the job. */
  refuses(times: number): Promise<void>;
  /** Of a QEMU that is made up. */
  threadIs(thread: number, flags: number): Promise<void>;
}

/** @param qemu its process, or the flags of its threads: those of a process that is made up */
export async function moveDomain(
  t: Test,
  {
    qemu,
    far = 'works',
    ...settings
  }: Partial<MigrateGuardSettings> & {
    readonly qemu: number | readonly number[];
    readonly far?: FarEnd;
  },
): Promise<MovingDomain> {
  const made = typeof qemu === 'number' ? null : qemu;
  const task = Object.fromEntries((made ?? []).map((flags, thread) => [thread, { stat: statOf(thread, flags) }]));
  const directory = t.testdir({
    log: '',
    far,
    refusals: '0',
    pids: { 'a web.pid': String(made === null ? qemu : 7) },
    proc: { 7: { task } },
  });
  const log = `${directory}/log`;
  const local = await LocalShell.with(directory, {
    virsh: `cd ${directory} || exit
uri=$3; shift 3
say() { printf '%s\\n' "$*" >>log; }
answer() {
  case $1 in
    resume) : >running ;;
    domstate) if [ -e running ]; then echo running; else echo paused; fi ;;
  esac
}
if [ "$uri" = qemu:///system ]; then
  say "here $*"
  case $* in
    migrate-getspeed*) printf '8796093022207\\n\\n300\\n\\n' ;;
    domjobabort*)
      left=$(cat refusals)
      if [ "$left" -gt 0 ]; then echo $((left - 1)) >refusals; exit 1; fi
      : >over
      [ -e end ] || { echo 1 >ending; mv ending end; } ;;
    domjobinfo*) if [ -e over ]; then echo 'Job type:         None'; else echo 'Job type:         Unbounded'; fi ;;
  esac
elif [ $# -gt 0 ]; then
  say "there $*"
  case $(cat far) in works|anew) answer "$1" ;; *) exit 1 ;; esac
else
  while read -r line; do
    say "far $line"
    case $(cat far) in works) answer "\${line%% *}" ;; silent) ;; *) exit 1 ;; esac
  done
fi`,
    migrate: `echo "job $*" >>${log}
while [ -d ${directory} ] && [ ! -e ${directory}/end ]; do sleep 0.02; done
exit "$(cat ${directory}/end)"`,
  });
  const lines = async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  const write = async (name: string, text: string) => {
    // Who finds the file must find all of it.
    await writeFile(`${directory}/new-${name}`, text);
    await rename(`${directory}/new-${name}`, `${directory}/${name}`);
  };
  const domain: MovingDomain = {
    command: await guardMigrate(local.shell, 'a web', ['migrate', 'a web', '--live'], 'qemu+ssh://there/system', null, {
      beatMs: 100,
      // So long that a machine with much to do does not get there.
      leaseSeconds: 20,
      lookSeconds: 0.005,
      answerSeconds: 20,
      wakeSeconds: 60,
      pidDirectory: `${directory}/pids`,
      procDirectory: made === null ? '/proc' : `${directory}/proc`,
      ...settings,
    }),
    local,
    lines,
    seen: async (start) => {
      while (!(await lines()).some((line) => line.startsWith(start))) await sleep(10);
    },
    jobEnds: (status) => write('end', String(status)),
    farEndIs: (next) => write('far', next),
    refuses: (times) => write('refusals', String(times)),
    threadIs: (thread, flags) => writeFile(`${directory}/proc/7/task/${thread}/stat`, statOf(thread, flags)),
  };
  t.teardown(async () => {
    if (domain.command.isOver) return;
    // The files may have gone already, and the job ends with them.
    await domain.jobEnds(1).catch(() => undefined);
    local.hangUp();
    await domain.command.ended;
  });
  await domain.seen('job ');
  return domain;
}

/** A process that stands for the source's QEMU. */
export interface Qemu {
  readonly pid: number;
  /** Kills it, and resolves when it has gone; or, where nobody waits for it, when it is a zombie. */
  dies(): Promise<void>;
}

export async function startQemu(t: Test): Promise<Qemu> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  return { pid: pidOf(t, child), dies: () => killed(child) };
}

/** Its parent does not wait for it: it stays a process, all of whose threads are exiting, as long as the test runs. */
export async function startLingeringQemu(t: Test): Promise<Qemu> {
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  pidOf(t, parent);
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  t.teardown(() => ended(pid));
  return {
    pid,
    dies: async () => {
      ended(pid);
      while (!/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) await sleep(5);
    },
  };
}

/**
 * One whose name is made to be misread: who takes the first bracket for its end takes the terminal's process group,
 * which it has not (-1, in all whose bits it would be exiting), for its flags.
 */
export async function startOddQemu(t: Test): Promise<Qemu> {
  const script = "printf ') ' >/proc/$$/comm; echo named; read -r _";
  const child = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const pid = pidOf(t, child);
  await once(child.stdout, 'data');
  return { pid, dies: () => killed(child) };
}

/**
 * One of these threads, as proc_pid_stat(5) shows it.
 * @param flags as the kernel keeps them; 4 is PF_EXITING
 */
function statOf(thread: number, flags: number): string {
  return `${thread} (CPU ${thread}/TCG) S 1 7 7 0 -1 ${flags} 0 0\n`;
}

function pidOf(t: Test, child: ChildProcess): number {
  t.teardown(() => killed(child));
  if (child.pid === undefined) throw new Error('it has not started');
  return child.pid;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function ended(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
