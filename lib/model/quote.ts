/**
 * One POSIX shell word for any argument. sshd hands the command line to the user's shell, so this is the only door
 * through which an argument may reach it: within single quotes a shell reads everything literally.
 */
export function shellWord(argument: string): string {
  if (argument.includes('\0')) throw new Error('an argument with a NUL byte cannot be passed to a command');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

export function shellLine(argv: readonly string[]): string {
  return argv.map(shellWord).join(' ');
}
