import type { Command } from 'commander';
import { mirrorArgument } from './arguments.js';
import type { Choose } from './choose.js';

/** Images that vxmig builds for guests. */
export function registerImage(program: Command, choose: Choose): void {
  const image = program
    .command('image')
    .description('images that the disks of guests begin with')
    .addHelpText('after', '\nExample:\n  vxmig image debian');

  image
    .command('debian')
    .description("build `image: debian` on this machine, of Debian's own packages; where it is there: nothing")
    .option('--refresh', 'build it anew, with the newest packages')
    .option('--mirror <url>', 'where the packages come from (default: the one of this machine)', mirrorArgument)
    .addHelpText(
      'after',
      '\nAs root; it takes some minutes and 3.5 GB in /var/tmp (or TMPDIR) while it goes on.\n\n' +
        'Example:\n  vxmig image debian\nNext:\n  vxmig lab up topologies/real-guest.yaml',
    )
    .action(({ refresh, mirror }: { refresh?: boolean; mirror?: string }) => {
      const given = { refresh: refresh ?? false, mirror: mirror ?? null };
      choose(async (context) => (await import('../commands/image.js')).imageDebianCommand(context, given), {
        logs: true,
      });
    });
}
