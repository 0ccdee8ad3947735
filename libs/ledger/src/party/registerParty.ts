import type { Rule } from '../command.ts';
import { accept } from '../decision.ts';

/** Registers a party, or changes its master data. */
export const registerParty: Rule<'lading.party.registered.v1'> = (data) => accept(data);
