import { useMutation, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { ledgerPath, Refused, request } from '../../api/client.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { Moves } from '../../event/Moves.tsx';
import { movesOf } from '../../event/moves.ts';
import { Choice } from '../../ui/parts.tsx';
import { chosen } from '../../url/place.ts';
import { go, usePlace } from '../../url/usePlace.ts';
import { bodyOf, type Field, type Form, forms, isComplete, type Values, wrongIn } from './forms.ts';
import './desk.css';

/** What is submitted, or tried: the answer of the ledger. */
interface Answered {
  readonly sequence: number;
  readonly event?: { readonly data: unknown };
}

/** Submits what the desk decides. Every form is tried while it is filled in: nothing is kept before it is sent. */
export function Desk() {
  const place = usePlace();
  const form = forms.find(({ name }) => name === place.choices.form) ?? forms[0];
  if (form === undefined) return null;
  return (
    <div className="view desk">
      <header>
        <div>
          <h1>The desk</h1>
          <p className="soft small">About now, whatever the bar of time says.</p>
        </div>
        <Choice
          label="What to do"
          options={forms.map(({ name, title }) => [name, title] as const)}
          value={form.name}
          onChoose={(name) => {
            go(chosen(place, { form: name }));
          }}
        />
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
  const { ledger = '' } = usePlace();
  const [values, setValues] = useState<Values>({});
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
  const change = (name: string, value: string) => {
    if (sent.isSuccess) setId(newId());
    sent.reset();
    setValues({ ...values, [name]: value });
  };
  const isReady = preview.data !== undefined && tried === values && !sent.isPending && !sent.isSuccess;
  return { values, change, preview, sent, isReady, error: sent.error ?? preview.error };
}

function Filled({ form }: { readonly form: Form }) {
  const { values, change, preview, sent, isReady, error } = useDesk(form);
  const wrong = error instanceof Refused ? wrongIn(form, error.problem) : new Map<string, string>();
  const general =
    error === null || error instanceof Refused
      ? wrong.get('')
      : 'Lading does not answer. Send it again: it is recorded once.';
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
        {form.fields.map((field) => (
          <Input
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            wrong={wrong.get(field.name)}
            onChange={change}
          />
        ))}
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
      </form>
      <section className="panel" aria-label="What it would do" aria-live="polite">
        {preview.data?.event === undefined || preview.error !== null ? (
          <p className="soft nothing">What it would do is shown here as soon as the form is filled in.</p>
        ) : (
          <Moves moves={movesOf(preview.data.event.data)} title="What it would move" />
        )}
      </section>
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
  const answer = await request(`${ledgerPath(ledger)}/${form.path}${search}`, {
    ...{ method: 'POST', headers, body },
    ...(signal !== undefined && { signal }),
  });
  return (await answer.json()) as Answered;
}

interface InputProps {
  readonly field: Field;
  readonly value: string;
  readonly wrong: string | undefined;
  readonly onChange: (name: string, value: string) => void;
}

function Input({ field, value, wrong, onChange }: InputProps) {
  const { name, label, options, type, optional = false } = field;
  const shared = {
    name,
    value,
    'aria-invalid': wrong !== undefined,
    'aria-describedby': wrong === undefined ? undefined : `wrong-${name}`,
    onChange: (event: { readonly target: { readonly value: string } }) => {
      onChange(name, event.target.value);
    },
  };
  return (
    <label className="field">
      <span>
        {label}
        {optional && ' (may be left out)'}
      </span>
      {options === undefined ? (
        <input
          {...shared}
          type={type === 'moment' ? 'datetime-local' : 'text'}
          inputMode={type === 'number' ? 'numeric' : undefined}
          autoComplete="off"
        />
      ) : (
        <select {...shared}>
          <option value="" />
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
      {wrong !== undefined && (
        <span className="wrong" id={`wrong-${name}`} role="alert">
          {wrong}
        </span>
      )}
    </label>
  );
}
