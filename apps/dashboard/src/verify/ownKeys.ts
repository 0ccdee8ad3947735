import { useSyncExternalStore } from 'react';

/** Verifier keys that the reader had from a ledger's keeper, a line each. They are public, and no choice of a view: the browser keeps them. */
const STORED = 'lading.verifier-keys';
const listeners = new Set<() => void>();

const kept = (): string => window.localStorage.getItem(STORED) ?? '';

export const useOwnKeys = (): string =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, kept);

export function keepOwnKeys(text: string): void {
  if (text.trim() === '') window.localStorage.removeItem(STORED);
  else window.localStorage.setItem(STORED, text);
  for (const listener of listeners) listener();
}

export const keysIn = (text: string): string[] =>
  text
    .split(/\s+/)
    .map((key) => key.trim())
    .filter((key) => key !== '');
