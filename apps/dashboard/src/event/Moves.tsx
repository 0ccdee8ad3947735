import { units } from '../format.ts';
import { Link } from '../url/Link.tsx';
import { chosen } from '../url/place.ts';
import { usePlace } from '../url/usePlace.ts';
import { subjectText } from '../why/subject.ts';
import { Beside } from './Beside.tsx';
import { type Move, type Place, placeName } from './moves.ts';
import './event.css';

interface Props {
  readonly moves: readonly Move[];
  readonly title: string;
  /** Of the event that moved them; left out for what is only tried. */
  readonly sequence?: number;
}

/** So many moves say which events brought their units, and moved them on: each of them asks two questions. */
const MOST_FOLLOWED = 12;

/** From the left to the right, as thick as there are units; each end leads to what is there. */
export function Moves({ moves, title, sequence }: Props) {
  if (moves.length === 0) return <p className="drawer-note soft">It moves no units.</p>;
  const most = Math.max(...moves.map(({ quantity }) => quantity));
  return (
    <section>
      <h3>{title}</h3>
      <ol className="moves">
        {moves.map((move, i) => (
          <li key={i}>
            <div className="end-of">
              <End move={move} place={move.from} />
              {sequence !== undefined && i < MOST_FOLLOWED && <Beside move={move} sequence={sequence} side="before" />}
            </div>
            <span className="moved">
              <strong>{units(move.quantity)}</strong> <span className="soft small">{move.item}</span>
              <span className={`amount is-${move.to.stage}`}>
                <i style={{ width: `${(move.quantity / most) * 100}%` }} />
              </span>
              <span className="soft small">
                {move.order} line {move.line}
              </span>
            </span>
            <div className="end-of">
              <End move={move} place={move.to} />
              {sequence !== undefined && i < MOST_FOLLOWED && <Beside move={move} sequence={sequence} side="after" />}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function End({ move, place: end }: { readonly move: Move; readonly place: Place }) {
  const place = usePlace();
  const { item, order, line } = move;
  const why = subjectText({ owner: end.owner, custodian: end.custodian, stage: end.stage, item, order, line });
  return (
    <Link to={chosen(place, { event: undefined, why })} className={`end stage is-${end.stage}`}>
      {placeName(end)}
    </Link>
  );
}
