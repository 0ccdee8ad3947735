import { type ReactNode, useRef } from 'react';
import { asOf } from '../format.ts';
import { usePlace } from '../url/usePlace.ts';
import { fileName, saveFile } from './exporting.ts';
import { drawingOf, pixelsOf } from './drawing.ts';

interface Props {
  readonly label: string;
  /** What it shows, for the name of its file. */
  readonly what: string;
  /** On which event it stands. */
  readonly sequence: number | undefined;
  readonly children: ReactNode;
}

/** A chart, which may be wider than its place, and can be saved as it is seen, with the moment that it shows. */
export function ChartFrame({ label, what, sequence, children }: Props) {
  const place = usePlace();
  const { ledger = '', at } = place;
  const frame = useRef<HTMLDivElement>(null);
  const save = async (format: 'svg' | 'png') => {
    const chart = frame.current?.querySelector('svg');
    if (chart == null) return;
    const told = `${ledger}, ${what}, as of ${at === undefined ? 'now' : asOf(at)}${sequence === undefined ? '' : `, event ${sequence}`}`;
    const drawing = drawingOf(chart, told);
    saveFile(format === 'svg' ? drawing.blob : await pixelsOf(drawing), fileName(place, what, format));
  };
  return (
    <>
      <div className="scroll" ref={frame} tabIndex={0} role="region" aria-label={label}>
        {children}
      </div>
      <div className="choice chart-files no-print" role="group" aria-label="Save the chart">
        {(['svg', 'png'] as const).map((format) => (
          <button
            type="button"
            key={format}
            onClick={() => {
              void save(format);
            }}
          >
            {format.toUpperCase()}
          </button>
        ))}
      </div>
    </>
  );
}
