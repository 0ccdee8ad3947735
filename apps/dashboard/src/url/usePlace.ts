import { useSyncExternalStore } from 'react';
import { addressOf, type Place, placeOf } from './place.ts';

/** Browsers refuse many changes of the address in a short time, and a handle that is dragged makes many. */
const WRITE_AFTER_MS = 200;

let current = placeOf(window.location);
let writing: number | undefined;
const listeners = new Set<() => void>();

window.addEventListener('popstate', () => {
  window.clearTimeout(writing);
  current = placeOf(window.location);
  tell();
});

/** Goes to a place; the way back leads to the one before. */
export function go(place: Place): void {
  window.clearTimeout(writing);
  if (addressOf(place) === addressOf(current)) return;
  window.history.pushState(null, '', addressOf(place));
  current = place;
  tell();
}

/** Changes the place without a way back: for what changes many times in a second, or corrects an address. */
export function adjust(place: Place): void {
  window.clearTimeout(writing);
  writing = window.setTimeout(() => {
    window.history.replaceState(null, '', addressOf(current));
  }, WRITE_AFTER_MS);
  current = place;
  tell();
}

export const usePlace = (): Place => useSyncExternalStore(subscribe, () => current);

/** One choice alone. Who uses no more than this is not drawn anew with every step of the bar of time. */
export const useChoice = (name: string): string | undefined =>
  useSyncExternalStore(subscribe, () => current.choices[name]);

/** For what is done when something is pressed: where somebody is by then. */
export const placeNow = (): Place => current;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
