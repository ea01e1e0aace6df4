import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** What is on the machine that names the lab, found without any of the lab's own code. */
export async function tracesOf(lab: string, devices: ReadonlySet<string>): Promise<string[]> {
  return [
    ...(await linkNames()).filter((name) => devices.has(name)).map((name) => `link ${name}`),
    ...(await processesNaming(lab)),
    ...(await mountsNaming(lab)),
    ...(await readdir('/run/vxmig/labs').catch(() => [])).filter((name) => name.includes(lab)),
  ];
}

export async function linkNames(): Promise<string[]> {
  const { stdout } = await execa('ip', ['-json', 'link']);
  return (JSON.parse(stdout) as { ifname: string }[]).map((link) => link.ifname);
}

async function processesNaming(lab: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').some((pair) => pair.endsWith(`=${lab}`))) found.push(`process ${pid}`);
  }
  return found;
}

/** In every mount namespace of the machine: a forgotten one keeps its mounts. */
async function mountsNaming(lab: string): Promise<string[]> {
  const found = new Set<string>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    for (const line of mounts.split('\n')) if (line.includes(`/labs/${lab}/`)) found.add(`mount ${line}`);
  }
  return [...found];
}
