import { keepOwnKeys, useOwnKeys } from './ownKeys.ts';

/** The one thing that nobody but the reader can say: which key is the ledger's. */
export function OwnKey() {
  const own = useOwnKeys();
  return (
    <label className="field own-key">
      Your own copy of the ledger’s verifier key, if you have one
      <textarea
        className="mono"
        rows={2}
        spellCheck={false}
        value={own}
        placeholder="nvidia.example/nvidia+1a2b3c4d+AQ…"
        onChange={(event) => {
          keepOwnKeys(event.target.value);
        }}
      />
    </label>
  );
}
