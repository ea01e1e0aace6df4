import { execa } from 'execa';
import { findMachine } from '../../lib/lab/machine.js';
import type { TestLab } from './harness.js';

/**
 * By open_tree(2) in the one and move_mount(2) in the other: mount(8) binds nothing from another mount namespace.
 * setns(2) has a number of its own on each architecture; that of x86-64, as all of the lab's guests are.
 */
const BIND = `
my ($from, $to, $path) = @ARGV;
open(my $source, '<', "/proc/$from/ns/mnt") or die "$from: $!";
open(my $target, '<', "/proc/$to/ns/mnt") or die "$to: $!";
my ($setns, $open_tree, $move_mount, $here, $clone, $empty) = (308, 428, 429, -100, 1, 4);
my $nothing = '';
sub call { my $result = syscall($_[0], @_[1 .. $#_]); die "$_[0]: $!" if $result < 0; return $result; }
call($setns, fileno($source), 0x20000);
my $tree = call($open_tree, $here, $path, $clone);
call($setns, fileno($target), 0x20000);
call($move_mount, $tree, $nothing, $here, $path, $empty);
`;

/** Makes a directory on two hosts of the lab and lets both see the first one's: as storage that they share. */
export async function shareDirectory(lab: TestLab, first: string, second: string, path: string): Promise<void> {
  for (const host of [first, second]) await lab.on(host, 'mkdir', '-p', '-m', '777', path);
  const [from, to] = await Promise.all([first, second].map((host) => findMachine(lab.name, host)));
  await execa('perl', ['-e', BIND, String(from?.pid), String(to?.pid), path]);
}
