import { type ReactNode, useEffect, useRef } from 'react';
import { asOf } from '../format.ts';
import { usePlace } from '../url/usePlace.ts';

interface Props {
  readonly title: string;
  /** What stands under the title; left out, the moment of the view. */
  readonly note?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Beside a view, what is behind one thing in it. The view stays, and can be used. */
export function Drawer({ title, note, onClose, children }: Props) {
  const { at } = usePlace();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, [title]);
  return (
    <aside
      className="drawer"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header>
        <div>
          <h2 tabIndex={-1} ref={heading}>
            {title}
          </h2>
          <p className="soft small">{note ?? `As of ${at === undefined ? 'now' : asOf(at)}`}</p>
        </div>
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </header>
      <div className="body" tabIndex={0} role="region" aria-label={`${title}, details`}>
        {children}
      </div>
    </aside>
  );
}
