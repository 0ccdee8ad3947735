import { useState } from 'react';
import { signIn } from './api/session.ts';

/** For whoever comes without a link, or with one that is used up. */
export function SignIn({ why }: { readonly why: string | undefined }) {
  const [key, setKey] = useState('');
  return (
    <main className="sign-in">
      <p className="wordmark">Lading</p>
      <h1>Who holds which hardware, at any moment, and why</h1>
      {why !== undefined && (
        <p className="notice" role="alert">
          {why}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== '') signIn(key.trim());
        }}
      >
        <label className="field">
          API key with the role “read”
          <input
            type="password"
            autoComplete="off"
            value={key}
            onChange={(event) => {
              setKey(event.target.value);
            }}
          />
        </label>
        <button type="submit" className="button primary">
          Sign in
        </button>
      </form>
      <p className="soft small">
        <code className="mono">npm start</code> prints a link that signs you in without a key, once. A new one, while it
        runs: <code className="mono">npm run -s lading -- dashboard</code>. The key stays in this tab and is forgotten
        when you close it.
      </p>
    </main>
  );
}
