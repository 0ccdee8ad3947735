import { type PointerEvent, useEffect, useRef } from 'react';

/** A track that answers while it is dragged: at most once in a frame. It says when it is taken hold of, and when it is let go. */
export function useDrag(onFraction: (fraction: number) => void, onHold: (isHeld: boolean) => void = () => undefined) {
  const frame = useRef<number | undefined>(undefined);
  const latest = useRef(onFraction);
  useEffect(() => {
    latest.current = onFraction;
  });
  const move = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const fraction = Math.min(1, Math.max(0, (event.clientX - left) / width));
    if (frame.current !== undefined) cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      latest.current(fraction);
    });
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      onHold(true);
      move(event);
    },
    onLostPointerCapture: () => {
      onHold(false);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event);
    },
  };
}
