import { useAsk } from '../../api/useAsk.ts';
import type { Field, Form, Named } from './forms.ts';

interface InputProps {
  readonly id: string;
  readonly field: Field;
  readonly value: string;
  readonly wrong: string | undefined;
  readonly onChange: (key: string, value: string) => void;
}

const inputType = { number: 'text', moment: 'datetime-local', date: 'date' } as const;

export function Input({ id, field, value, wrong, onChange }: InputProps) {
  const { label, options, type, optional = false, of } = field;
  const shared = {
    name: id,
    value,
    'aria-invalid': wrong !== undefined,
    'aria-describedby': wrong === undefined ? undefined : `wrong-${id}`,
    onChange: (event: { readonly target: { readonly value: string } }) => {
      onChange(id, event.target.value);
    },
  };
  return (
    <div className="field">
      <label>
        <span>
          {label}
          {optional && ' (optional)'}
        </span>
        {options === undefined ? (
          <input
            {...shared}
            type={type === undefined ? 'text' : inputType[type]}
            inputMode={type === 'number' ? 'numeric' : undefined}
            list={of === undefined ? undefined : `of-${of}`}
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
      </label>{' '}
      {wrong !== undefined && (
        <span className="wrong" id={`wrong-${id}`} role="alert">
          {wrong}
        </span>
      )}
    </div>
  );
}

/** What there is, so that a name need not be known by heart. */
export function Offered({ form }: { readonly form: Form }) {
  const all = [...form.fields, ...(form.parts?.fields ?? [])];
  return [...new Set(all.flatMap(({ of }) => of ?? []))].map((of) => <Names key={of} of={of} />);
}

function Names({ of }: { readonly of: Named }) {
  const { rows = [] } = useAsk<Readonly<Record<string, unknown>>>(of, {}, { most: 500 });
  const name = of === 'parties' ? 'party' : of.slice(0, -1);
  return (
    <datalist id={`of-${of}`}>
      {rows.map((row) => (
        <option key={String(row[name])} value={String(row[name])} />
      ))}
    </datalist>
  );
}
