import { useSyncExternalStore } from 'react';

/** Light or dark; `system` is as the machine is set. A taste and no choice of a view: it is kept in the browser, and in no link. */
export type Theme = 'system' | 'light' | 'dark';
const STORED = 'lading.theme';
const listeners = new Set<() => void>();

const kept = (): Theme => {
  const text = window.localStorage.getItem(STORED);
  return text === 'light' || text === 'dark' ? text : 'system';
};

export function startTheme(): void {
  const theme = kept();
  if (theme === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
  window.localStorage.setItem(STORED, theme);
  startTheme();
  for (const listener of listeners) listener();
}

export const useTheme = (): Theme =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, kept);
