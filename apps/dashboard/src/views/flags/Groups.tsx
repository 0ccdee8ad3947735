import type { FlagRow } from '#contracts/flagRows';
import { EventLink } from '../../event/EventLink.tsx';
import { plural, units } from '../../format.ts';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { flagName, groupsOf } from './flags.ts';

/** The flags of each party, or of each two, so that what comes again is seen. */
export function FlagGroups({ flags, by }: { readonly flags: readonly FlagRow[]; readonly by: 'party' | 'pair' }) {
  const place = usePlace();
  return (
    <TablePanel label={by === 'party' ? 'Flags by party' : 'Flags by two parties'}>
      <Heads
        names={[by === 'party' ? 'Party' : 'Two parties', '#Flags', 'Which', 'First raised by', 'Last raised by']}
      />
      <tbody>
        {groupsOf(flags, by).map(({ parties, count, rules, first, last }) => (
          <tr key={parties.join(' ')}>
            <th scope="row">
              {parties.join(' and ')} {by === 'pair' && count > 1 && <span className="tag">not the first time</span>}
              <div className="small">
                <Link to={chosen(place, { show: undefined, party: parties[0], with: parties[1], rule: undefined })}>
                  {plural(count, 'flag')}
                </Link>
              </div>
            </th>
            <td className="number">{units(count)}</td>
            <td className="small">
              {rules.map(([rule, times]) => (
                <div key={rule}>
                  {flagName(rule)}
                  {times > 1 && <span className="soft"> {units(times)} times</span>}
                </div>
              ))}
            </td>
            <td>
              <EventLink sequence={first} />
            </td>
            <td>
              <EventLink sequence={last} />
            </td>
          </tr>
        ))}
      </tbody>
    </TablePanel>
  );
}
