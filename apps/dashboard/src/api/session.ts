import { useSyncExternalStore } from 'react';
import { STORED } from './paths.ts';

const CODE = /^#code=([\w-]{1,100})$/;

/** The key is in memory, and in the storage of this tab, which ends with the tab: never in an address, a cookie or a file. */
type Session =
  | { readonly state: 'signed-in'; readonly key: string }
  | { readonly state: 'signing-in' }
  | { readonly state: 'signed-out'; readonly why?: string | undefined };

let current: Session = begin();
const listeners = new Set<() => void>();

function begin(): Session {
  const code = CODE.exec(window.location.hash)?.[1];
  if (code !== undefined) {
    // Out of the address before anything else is done: what is shown there is copied and shared.
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    void exchange(code);
    return { state: 'signing-in' };
  }
  const key = window.sessionStorage.getItem(STORED);
  return key === null ? { state: 'signed-out' } : { state: 'signed-in', key };
}

async function exchange(code: string): Promise<void> {
  try {
    const answer = await fetch('/app/session', { headers: { 'lading-code': code }, cache: 'no-store' });
    const body = (await answer.json()) as { readonly key?: string; readonly detail?: string };
    if (body.key === undefined) signOut(body.detail ?? 'Lading did not answer as expected.');
    else signIn(body.key);
  } catch {
    signOut('Lading does not answer. Is it running? Then open the link again.');
  }
}

/** What a header can carry of a key: with anything else in it no question would ever leave the browser. */
const SENDABLE = /^[\x21-\x7e]+$/;

export function signIn(key: string): void {
  if (!SENDABLE.test(key)) {
    signOut('This is no API key: it has a character in it that no key has. Copy the key alone, and paste it again.');
    return;
  }
  window.sessionStorage.setItem(STORED, key);
  become({ state: 'signed-in', key });
}

export function signOut(why?: string): void {
  window.sessionStorage.removeItem(STORED);
  become({ state: 'signed-out', why });
}

export const keyInUse = (): string | undefined => (current.state === 'signed-in' ? current.key : undefined);

export const useSession = (): Session => useSyncExternalStore(subscribe, () => current);

function become(session: Session): void {
  current = session;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
