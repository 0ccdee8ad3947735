import { useMutation, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Refused, request } from '../../api/client.ts';
import { ledgerPath } from '../../api/paths.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { Choice } from '../../ui/parts.tsx';
import { viewed } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';
import { Decision } from './Decision.tsx';
import {
  bodyOf,
  filledBy,
  isComplete,
  keyOf,
  partsOf,
  pathOf,
  type Place,
  placesOf,
  type Values,
  withoutLast,
  wrongIn,
} from './filled.ts';
import { type Form, forms } from './forms.ts';
import { Input, Offered } from './Inputs.tsx';
import { Preview, type Tried } from './Preview.tsx';
import './desk.css';

/** What is submitted, or tried: the answer of the ledger. */
interface Answered {
  readonly sequence: number;
  readonly event?: Tried;
}

const subjects = ['Units', 'Swaps', 'Mistakes'] as const;

/** Submits what the desk decides. Every form is tried while it is filled in: nothing is kept before it is sent. */
export function Desk() {
  const place = usePlace();
  const form = forms.find(({ name }) => name === place.choices.form) ?? forms[0];
  const { decision } = place.choices;
  if (decision !== undefined) return <Decision of={decision} />;
  if (form === undefined) return null;
  return (
    <div className="view desk">
      <header>
        <div>
          <h1>The desk</h1>
          <p className="soft small">About now, whatever the bar of time says.</p>
        </div>
        <div className="tools">
          {subjects.map((subject) => (
            <Choice
              key={subject}
              label={`To do with ${subject.toLowerCase()}`}
              options={forms.filter(({ about }) => about === subject).map(({ name, title }) => [name, title] as const)}
              value={form.name}
              onChoose={(name) => {
                go(viewed(place, 'desk', { form: name }));
              }}
            />
          ))}
        </div>
      </header>
      <Filled key={form.name} form={form} />
    </div>
  );
}

/** One form has one key: however often it is sent, it is recorded once. */
const newId = (): string =>
  `desk-${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** What is filled in, what the ledger says of it before it is sent, and after. */
function useDesk(form: Form) {
  const { ledger = '', choices } = usePlace();
  const [values, setValues] = useState<Values>(() => filledBy(form, choices));
  const [id, setId] = useState(newId);
  const tried = useDeferredValue(values);
  const submit = (of: Values, search: string, signal?: AbortSignal) =>
    send(form, { ledger, values: of, id, search, signal });
  const preview = useQuery({
    queryKey: [ledger, 'try', form.name, tried],
    queryFn: ({ signal }) => submit(tried, '?dry-run=true', signal),
    enabled: isComplete(form, tried),
    gcTime: 0,
  });
  const sent = useMutation({ mutationFn: () => submit(values, '') });
  const become = (changed: Values) => {
    if (sent.isSuccess) setId(newId());
    sent.reset();
    setValues(changed);
  };
  const change = (key: string, value: string) => {
    become({ ...values, [key]: value });
  };
  const isReady = preview.data !== undefined && tried === values && !sent.isPending && !sent.isSuccess;
  return { values, change, become, preview, sent, isReady, error: sent.error ?? preview.error };
}

function Filled({ form }: { readonly form: Form }) {
  const { values, change, become, preview, sent, isReady, error } = useDesk(form);
  const wrong = error instanceof Refused ? wrongIn(form, values, error.problem) : new Map<string, string>();
  const general =
    error === null || error instanceof Refused
      ? wrong.get('')
      : 'Lading does not answer. Send it again: it is recorded once.';
  const places = placesOf(form, values);
  const input = ({ key, field }: Place) => (
    <Input key={key} id={key} field={field} value={values[key] ?? ''} wrong={wrong.get(key)} onChange={change} />
  );
  return (
    <div className="columns">
      <form
        className="panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) sent.mutate();
        }}
      >
        <p className="soft">{form.meaning}</p>
        {places.filter(({ part }) => part === undefined).map(input)}
        {Array.from({ length: partsOf(form, values) }, (_, part) => (
          <fieldset key={part}>
            <legend>
              {form.parts?.one} {part + 1}
            </legend>
            {places.filter((place) => place.part === part).map(input)}
          </fieldset>
        ))}
        {form.parts !== undefined && <More form={form} values={values} onChange={become} />}
        {general !== undefined && (
          <p className="notice" role="alert">
            {general}
          </p>
        )}
        <button type="submit" className="button primary" disabled={!isReady}>
          {form.title}
        </button>
        {sent.data !== undefined && (
          <p role="status" className="recorded">
            Recorded: <EventLink sequence={sent.data.sequence}>event</EventLink>
          </p>
        )}
        <Offered form={form} />
      </form>
      <section className="panel" aria-label="What it would do" aria-live="polite">
        <h2 className="unseen">What it would do</h2>
        {sent.data !== undefined ? (
          <p className="soft nothing">It is recorded. Change anything to fill in the next one.</p>
        ) : preview.data?.event === undefined || preview.error !== null ? (
          <p className="soft nothing">What it would do is shown here as soon as the form is filled in.</p>
        ) : (
          <Preview event={preview.data.event} />
        )}
      </section>
    </div>
  );
}

interface MoreProps {
  readonly form: Form;
  readonly values: Values;
  readonly onChange: (values: Values) => void;
}

/** One line or leg more, or less. */
function More({ form, values, onChange }: MoreProps) {
  const { parts } = form;
  if (parts === undefined) return null;
  const count = partsOf(form, values);
  const one = parts.one.toLowerCase();
  return (
    <div className="more-parts">
      <button
        type="button"
        className="button"
        onClick={() => {
          onChange({ ...values, [keyOf(parts.name, count, parts.fields[0]?.name ?? '')]: '' });
        }}
      >
        Add a {one}
      </button>
      {count > parts.least && (
        <button
          type="button"
          className="button"
          onClick={() => {
            onChange(withoutLast(form, values));
          }}
        >
          Remove the last {one}
        </button>
      )}
    </div>
  );
}

interface Sent {
  readonly ledger: string;
  readonly values: Values;
  readonly id: string;
  readonly search: string;
  readonly signal: AbortSignal | undefined;
}

async function send(form: Form, { ledger, values, id, search, signal }: Sent): Promise<Answered> {
  const type = form.type === undefined ? 'application/json' : 'application/cloudevents+json';
  const headers = { 'content-type': type, ...(form.type === undefined && { 'idempotency-key': id }) };
  const body = JSON.stringify(bodyOf(form, values, id, new Date()));
  const answer = await request(`${ledgerPath(ledger)}/${pathOf(form, values)}${search}`, {
    ...{ method: 'POST', headers, body },
    ...(signal !== undefined && { signal }),
  });
  return (await answer.json()) as Answered;
}
