import { useEffect, useSyncExternalStore } from 'react';
import { viewed } from '../url/place.ts';
import { go, placeNow } from '../url/usePlace.ts';

/** A file that was dropped on the page, and how many were before it: the same one may be dropped again. */
interface Dropped {
  readonly file: File | undefined;
  readonly turn: number;
}

let current: Dropped = { file: undefined, turn: 0 };
const listeners = new Set<() => void>();

export const useDropped = (): Dropped => useSyncExternalStore(subscribe, () => current);

export function putDropped(file: File | undefined): void {
  current = { file, turn: current.turn + 1 };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A file is checked wherever it is dropped: a browser would open it in the place of the page. */
export function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      putDropped(file);
      go(viewed(placeNow(), 'events', { check: 'file' }));
    };
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, []);
}
