import type { VxmigEvent } from './event.js';

export type ObservedEvent = Extract<VxmigEvent, { readonly observedAtMs: number }>;

/** What has happened, without who saw it. */
export function observedText(event: ObservedEvent): string {
  switch (event.kind) {
    case 'guest-paused':
      return 'QEMU paused the guest';
    case 'guest-resumed':
      return 'QEMU runs the guest';
    case 'table-moved':
      return `${event.mac} is ${event.place === null ? 'forgotten' : `at ${event.place}`}`;
    case 'observed':
      return event.text;
  }
}
