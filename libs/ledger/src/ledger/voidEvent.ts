import type { Rule } from '../command.ts';
import { reject } from '../decision.ts';

/** Takes an event back. */
export const voidEvent: Rule<'lading.event.voided.v1'> = ({ sequence }) =>
  reject(
    'not-supported',
    'Events cannot be taken back by this version of the ledger. Submit the event that mends it: a count, a reallocation, a change of the line.',
    { sequence },
  );
