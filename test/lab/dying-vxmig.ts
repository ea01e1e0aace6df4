import { writeSync } from 'node:fs';
import { run } from '../../lib/cli/main.js';
import { SshMigrationHost } from '../../lib/controller/migration-host.js';
import { MIGRATION_STAGES } from '../../lib/migration/stages.js';

// bin/vxmig for tests, that gets a signal at a point of a migration: `dying-vxmig SIGNAL POINT ARGUMENTS…`.
// A point is `before STAGE`, `after STAGE`, `armed`, or one of QEMU's events, `STOP` or `RESUME`.
const [signal = '', point = '', ...args] = process.argv.slice(2);

function reach(reached: string): void {
  if (reached !== point) return;
  writeSync(process.stderr.fd, `reached ${point}\n`);
  process.kill(process.pid, signal);
}

for (const stage of MIGRATION_STAGES) {
  const { enter, name } = stage;
  Object.assign(stage, {
    enter: async (context: Parameters<typeof enter>[0]) => {
      reach(`before ${name}`);
      await enter(context);
      reach(`after ${name}`);
    },
  });
}

const { redirect, followQemuEvents } = SshMigrationHost.prototype;
SshMigrationHost.prototype.redirect = async function (request) {
  const made = await redirect.call(this, request);
  if (this.name !== request.from) return made;
  const arm = made.arm.bind(made);
  return Object.assign(made, {
    arm: async () => {
      await arm();
      reach('armed');
    },
  });
};
SshMigrationHost.prototype.followQemuEvents = async function (domain, onEvent) {
  return await followQemuEvents.call(this, domain, (event) => {
    onEvent(event);
    reach(event.event);
  });
};

process.exitCode = await run(args);
