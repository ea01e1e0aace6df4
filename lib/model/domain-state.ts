/** Whether a domain in that state, in libvirt's word, holds a guest's memory: what is lost when it ends. */
export function isAlive(state: string): boolean {
  return state !== 'shut off' && state !== 'crashed';
}
