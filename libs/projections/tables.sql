CREATE TABLE flags (
  ledger text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  rule text COLLATE "C" NOT NULL,
  n int NOT NULL,
  parties text[] NOT NULL,
  item text COLLATE "C",
  facts text NOT NULL,
  events bigint[] NOT NULL,
  PRIMARY KEY (ledger, sequence, rule, n)
);
ALTER TABLE flags ALTER ledger SET STATISTICS 0;

CREATE TABLE transfers (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, "order", line, owner, sequence)
);
ALTER TABLE transfers ALTER ledger SET STATISTICS 0;

CREATE TABLE activity (
  ledger text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  actor text NOT NULL,
  occurred timestamptz NOT NULL,
  recorded timestamptz NOT NULL,
  parties text NOT NULL,
  items text NOT NULL,
  quantity bigint NOT NULL,
  reason_code text COLLATE "C",
  note text,
  voided_by bigint,
  voids bigint,
  PRIMARY KEY (ledger, sequence)
);
ALTER TABLE activity ALTER ledger SET STATISTICS 0;
CREATE INDEX activity_voided ON activity (ledger, type) WHERE voided_by IS NOT NULL;
CREATE INDEX activity_subject ON activity (ledger, subject, sequence);
CREATE INDEX activity_reason ON activity (ledger, reason_code, sequence) WHERE reason_code IS NOT NULL;

CREATE TABLE event_parties (
  ledger text COLLATE "C" NOT NULL,
  party text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, party, sequence)
);
ALTER TABLE event_parties ALTER ledger SET STATISTICS 0;

CREATE TABLE reasons (
  ledger text COLLATE "C" NOT NULL,
  party text COLLATE "C" NOT NULL,
  reason_code text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  events bigint NOT NULL,
  quantity bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (ledger, party, reason_code, type)
) WITH (fillfactor = 70);
ALTER TABLE reasons ALTER ledger SET STATISTICS 0;

CREATE TABLE spans (
  ledger text COLLATE "C" NOT NULL,
  what text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  span bigint NOT NULL,
  PRIMARY KEY (ledger, what, value, span)
);
ALTER TABLE spans ALTER ledger SET STATISTICS 0;

CREATE TABLE holdings (
  ledger text COLLATE "C" NOT NULL,
  account int NOT NULL,
  owner text COLLATE "C" NOT NULL,
  custodian text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  stage text COLLATE "C" NOT NULL,
  shipment text COLLATE "C",
  quantity bigint NOT NULL,
  newest timestamptz NOT NULL,
  postings int NOT NULL,
  total int NOT NULL,
  open boolean NOT NULL,
  outside boolean NOT NULL,
  PRIMARY KEY (ledger, account)
) WITH (fillfactor = 85);
ALTER TABLE holdings ALTER ledger SET STATISTICS 0;
CREATE INDEX holdings_order ON holdings (ledger, "order", line);
CREATE INDEX holdings_open ON holdings (ledger, item, owner, stage, custodian, account) WHERE open;
CREATE INDEX holdings_outside ON holdings (ledger, item, owner, stage, custodian, account) WHERE outside;
CREATE INDEX holdings_all ON holdings (ledger, item, owner, account) WHERE account >= 0;

CREATE TABLE holding_totals (
  ledger text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  stage text COLLATE "C" NOT NULL,
  custodian text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  total int NOT NULL,
  postings int NOT NULL,
  oldest timestamptz NOT NULL,
  newest timestamptz NOT NULL,
  PRIMARY KEY (ledger, owner, item, stage, custodian)
) WITH (fillfactor = 50);
ALTER TABLE holding_totals ALTER ledger SET STATISTICS 0;
CREATE INDEX holding_totals_item ON holding_totals (ledger, item, owner);
CREATE INDEX holding_totals_custodian ON holding_totals (ledger, custodian, item, owner);

CREATE TABLE item_totals (
  ledger text COLLATE "C" NOT NULL,
  party text COLLATE "C" NOT NULL,
  role text NOT NULL,
  item text COLLATE "C" NOT NULL,
  stage text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  PRIMARY KEY (ledger, party, role, item, stage)
) WITH (fillfactor = 50);
ALTER TABLE item_totals ALTER ledger SET STATISTICS 0;

CREATE TABLE postings (
  ledger text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  n int NOT NULL,
  account int NOT NULL,
  total int NOT NULL,
  quantity int NOT NULL,
  balance bigint NOT NULL,
  occurred timestamptz NOT NULL,
  PRIMARY KEY (ledger, sequence, n)
);
ALTER TABLE postings ALTER ledger SET STATISTICS 0;
CREATE INDEX postings_account ON postings (ledger, account, sequence, n);
CREATE INDEX postings_total ON postings (ledger, total, sequence, n) INCLUDE (occurred, quantity);

CREATE TABLE posting_marks (
  ledger text COLLATE "C" NOT NULL,
  key int NOT NULL,
  sequence bigint NOT NULL,
  n int NOT NULL,
  newest timestamptz NOT NULL,
  balance bigint NOT NULL,
  lates int NOT NULL,
  occurrences timestamptz[] NOT NULL,
  rest bigint[] NOT NULL,
  sequences bigint[] NOT NULL,
  balances bigint[] NOT NULL,
  places int[] NOT NULL,
  late_occurrences timestamptz[] NOT NULL,
  late_sums bigint[] NOT NULL,
  PRIMARY KEY (ledger, key, sequence, n)
);
ALTER TABLE posting_marks ALTER ledger SET STATISTICS 0;
CREATE INDEX posting_marks_newest ON posting_marks (ledger, key, newest, sequence, n);

CREATE TABLE late_postings (
  ledger text COLLATE "C" NOT NULL,
  key int NOT NULL,
  rank int NOT NULL,
  occurred timestamptz NOT NULL,
  quantity int NOT NULL,
  PRIMARY KEY (ledger, key, rank)
);
ALTER TABLE late_postings ALTER ledger SET STATISTICS 0;

CREATE TABLE late_blocks (
  ledger text COLLATE "C" NOT NULL,
  key int NOT NULL,
  block int NOT NULL,
  occurrences timestamptz[] NOT NULL,
  sums bigint[] NOT NULL,
  PRIMARY KEY (ledger, key, block)
);
ALTER TABLE late_blocks ALTER ledger SET STATISTICS 0;

CREATE TABLE late_sums (
  ledger text COLLATE "C" NOT NULL,
  key int NOT NULL,
  size int NOT NULL,
  block int NOT NULL,
  occurred timestamptz NOT NULL,
  quantity bigint NOT NULL,
  PRIMARY KEY (ledger, key, size, block, occurred)
);
ALTER TABLE late_sums ALTER ledger SET STATISTICS 0;

CREATE TABLE orders (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  buyer text COLLATE "C" NOT NULL,
  supplier text COLLATE "C" NOT NULL,
  placed timestamptz NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, "order")
);
ALTER TABLE orders ALTER ledger SET STATISTICS 0;

CREATE TABLE order_lines (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  n int NOT NULL,
  item text COLLATE "C" NOT NULL,
  due_first date NOT NULL,
  quantity bigint NOT NULL,
  cancelled bigint NOT NULL,
  window_from date NOT NULL,
  window_to date NOT NULL,
  promise text,
  PRIMARY KEY (ledger, "order", line)
) WITH (fillfactor = 90);
ALTER TABLE order_lines ALTER ledger SET STATISTICS 0;

CREATE TABLE substitutes (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  for_order text COLLATE "C" NOT NULL,
  for_line text COLLATE "C" NOT NULL,
  for_item text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  sequence bigint NOT NULL,
  occurred timestamptz NOT NULL,
  PRIMARY KEY (ledger, "order", line, for_order, for_line, sequence)
);
ALTER TABLE substitutes ALTER ledger SET STATISTICS 0;
CREATE INDEX substitutes_for ON substitutes (ledger, for_order, for_line) WHERE sequence > 0;

CREATE TABLE queue (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  due_from date NOT NULL,
  due_to date NOT NULL,
  placed bigint NOT NULL,
  n int NOT NULL,
  ordered bigint NOT NULL,
  in_transit bigint NOT NULL,
  held bigint NOT NULL,
  damaged bigint NOT NULL,
  waiting boolean NOT NULL,
  PRIMARY KEY (ledger, "order", line, owner)
) WITH (fillfactor = 85);
ALTER TABLE queue ALTER ledger SET STATISTICS 0;
CREATE INDEX queue_waiting ON queue (ledger, item, due_from, due_to, placed, n, owner) WHERE waiting;
CREATE INDEX queue_late ON queue (ledger, placed, line, owner) WHERE waiting;

CREATE TABLE promises (
  ledger text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  buyer text COLLATE "C" NOT NULL,
  supplier text COLLATE "C" NOT NULL,
  due_to date NOT NULL,
  due_from date NOT NULL,
  promised bigint NOT NULL,
  dispatched bigint NOT NULL,
  reallocated bigint NOT NULL,
  PRIMARY KEY (ledger, item, buyer, supplier, due_to, due_from)
) WITH (fillfactor = 85);
ALTER TABLE promises ALTER ledger SET STATISTICS 0;

CREATE TABLE commitments (
  ledger text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  supplier text COLLATE "C" NOT NULL,
  period_to date NOT NULL,
  period_from date NOT NULL,
  quantity bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, item, supplier, period_to, period_from)
);
ALTER TABLE commitments ALTER ledger SET STATISTICS 0;
CREATE INDEX commitments_raised ON commitments (ledger, sequence);

CREATE TABLE items (
  ledger text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  name text NOT NULL,
  maker text COLLATE "C",
  tracking text NOT NULL,
  eccn text,
  amount text,
  currency text,
  PRIMARY KEY (ledger, item)
);
ALTER TABLE items ALTER ledger SET STATISTICS 0;

CREATE TABLE units (
  ledger text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  prefix text COLLATE "C" NOT NULL,
  digits int NOT NULL,
  last bigint NOT NULL,
  first bigint NOT NULL,
  account int NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, item, prefix, digits, last)
) WITH (fillfactor = 85);
ALTER TABLE units ALTER ledger SET STATISTICS 0;
CREATE INDEX units_account ON units (ledger, account);

CREATE TABLE parties (
  ledger text COLLATE "C" NOT NULL,
  party text COLLATE "C" NOT NULL,
  name text NOT NULL,
  roles text[] NOT NULL,
  controlled_by text[] NOT NULL,
  PRIMARY KEY (ledger, party)
);
ALTER TABLE parties ALTER ledger SET STATISTICS 0;

CREATE TABLE shipments (
  ledger text COLLATE "C" NOT NULL,
  shipment text COLLATE "C" NOT NULL,
  consignee text COLLATE "C" NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  destination text,
  eta date,
  dispatched timestamptz NOT NULL,
  final boolean NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ledger, shipment)
) WITH (fillfactor = 90);
ALTER TABLE shipments ALTER ledger SET STATISTICS 0;

CREATE TABLE shipment_lines (
  ledger text COLLATE "C" NOT NULL,
  shipment text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  advised bigint NOT NULL,
  received bigint NOT NULL,
  damaged bigint NOT NULL,
  surplus bigint NOT NULL,
  lost bigint NOT NULL,
  refused bigint NOT NULL,
  in_transit bigint NOT NULL,
  arrived timestamptz,
  PRIMARY KEY (ledger, shipment, "order", line, owner)
) WITH (fillfactor = 85);
ALTER TABLE shipment_lines ALTER ledger SET STATISTICS 0;
CREATE INDEX shipment_lines_coming ON shipment_lines (ledger, shipment, item) WHERE in_transit > 0;

CREATE TABLE swaps (
  ledger text COLLATE "C" NOT NULL,
  swap text COLLATE "C" NOT NULL,
  by text COLLATE "C" NOT NULL,
  parties text[] NOT NULL,
  accepted text[] NOT NULL,
  status text NOT NULL,
  authorised_by text COLLATE "C",
  reason text,
  evidence text NOT NULL,
  expires timestamptz,
  proposed timestamptz NOT NULL,
  proposed_sequence bigint NOT NULL,
  executed timestamptz,
  executed_sequence bigint,
  PRIMARY KEY (ledger, swap)
);
ALTER TABLE swaps ALTER ledger SET STATISTICS 0;
CREATE INDEX swaps_executed ON swaps (ledger, executed_sequence) WHERE executed_sequence IS NOT NULL;

CREATE TABLE swap_legs (
  ledger text COLLATE "C" NOT NULL,
  swap text COLLATE "C" NOT NULL,
  leg int NOT NULL,
  giver text COLLATE "C" NOT NULL,
  receiver text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  quantity int NOT NULL,
  window_from date NOT NULL,
  window_to date NOT NULL,
  executed boolean NOT NULL,
  completed timestamptz NOT NULL DEFAULT 'infinity',
  PRIMARY KEY (ledger, swap, leg)
);
ALTER TABLE swap_legs ALTER ledger SET STATISTICS 0;
CREATE INDEX swap_legs_completed ON swap_legs (ledger, completed) WHERE completed > '-infinity';
CREATE INDEX swap_legs_giver ON swap_legs (ledger, giver, swap, leg) WHERE executed;
CREATE INDEX swap_legs_receiver ON swap_legs (ledger, receiver, swap, leg) WHERE executed;

CREATE TABLE swap_counts (
  ledger text COLLATE "C" NOT NULL,
  swap text COLLATE "C" NOT NULL,
  leg int NOT NULL,
  sequence bigint NOT NULL,
  kind text NOT NULL,
  occurred timestamptz NOT NULL,
  quantity bigint NOT NULL,
  PRIMARY KEY (ledger, swap, leg, sequence, kind)
);
ALTER TABLE swap_counts ALTER ledger SET STATISTICS 0;

CREATE TABLE swap_lots (
  ledger text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  lots text NOT NULL,
  PRIMARY KEY (ledger, "order", line)
);
ALTER TABLE swap_lots ALTER ledger SET STATISTICS 0;

CREATE TABLE digests (
  ledger text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  source text NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (ledger, digest, sequence)
);
ALTER TABLE digests ALTER ledger SET STATISTICS 0;

CREATE TABLE holds (
  ledger text COLLATE "C" NOT NULL,
  hold text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  purpose text NOT NULL,
  until timestamptz NOT NULL,
  held timestamptz NOT NULL,
  released timestamptz,
  PRIMARY KEY (ledger, hold)
);
ALTER TABLE holds ALTER ledger SET STATISTICS 0;

CREATE TABLE held_lines (
  ledger text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  n int NOT NULL,
  owner text COLLATE "C" NOT NULL,
  item text COLLATE "C" NOT NULL,
  "order" text COLLATE "C" NOT NULL,
  line text COLLATE "C" NOT NULL,
  quantity int NOT NULL,
  shipment text COLLATE "C",
  custodian text COLLATE "C",
  stage text COLLATE "C",
  until timestamptz NOT NULL,
  ended boolean NOT NULL,
  PRIMARY KEY (ledger, kind, name, n)
);
ALTER TABLE held_lines ALTER ledger SET STATISTICS 0;
CREATE INDEX held_lines_line ON held_lines (ledger, "order", line) WHERE NOT ended;
CREATE INDEX held_lines_owner ON held_lines (ledger, owner, item) WHERE NOT ended;
