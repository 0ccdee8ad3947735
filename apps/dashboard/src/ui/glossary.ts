/** The words of the field, as docs/events.md has them, in a sentence each. */
export const glossary = {
  Promised: 'Ordered from a supplier and not sent yet.',
  'In transit': 'Sent, and not received yet.',
  Held: 'There: received in good order.',
  Damaged: 'There, and reported as damaged.',
  'Is owed': 'What this party gave under swaps and has not received back: given minus received.',
  Owes: 'What this party received under swaps and has not given back yet.',
  owner: 'Who is entitled to the units. Not always who has them in hand.',
  custodian: 'Who physically has the units.',
  posting: 'One signed quantity on one account. Every event books two of them for each move, so they sum to zero.',
  lineage: 'Where units came from: the events that brought them here, back to the order that they began as.',
  known: 'What the ledger had been told by then. Things are often told later than they happen.',
  'exchange balance': 'Given minus received under a swap, in units, and in units times the days that they were owed.',
  sequence: 'The place of an event in its ledger: 1, 2, 3 … without a gap.',
  Committed: 'What a supplier said that it will have of an item in a period.',
  'Promised by orders':
    'What the lines of orders promise of it: as confirmed, else as ordered, and at least what was sent.',
  Allocated: 'Of what is promised, what was sent, or given to another owner than the buyer. A hold allocates nothing.',
  'On hold': 'Kept for a swap or a purpose until a moment, and not free for anything else.',
  Delivered: 'There, in good order or damaged, whoever owns it.',
} as const;
export type GlossaryTerm = keyof typeof glossary;
