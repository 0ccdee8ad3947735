import { sankey, type SankeyLink, type SankeyNode } from 'd3-sankey';
import { useMemo } from 'react';
import { units } from '../../format.ts';
import { chosen } from '../../url/place.ts';
import { go, placeNow } from '../../url/usePlace.ts';
import { subjectText } from '../../why/subject.ts';
import { type FlowLink, type FlowNode, flowOf, type Holding } from './holdings.ts';

const [WIDTH, NODE, GAP] = [1000, 10, 26];
/** What a band has beside its two ends. */
type Carried = Omit<FlowLink, 'source' | 'target'>;
type Node = SankeyNode<FlowNode, Carried>;
type Link = SankeyLink<FlowNode, Carried>;

interface Props {
  readonly holdings: readonly Holding[];
  readonly item: string | undefined;
  readonly names: ReadonlyMap<string, string>;
}

/** From who has the units in hand, through where they are, to whose they are; as wide as there are units. */
export function Flow({ holdings, item, names }: Props) {
  const { nodes, links } = useMemo(() => flowOf(holdings), [holdings]);
  const height =
    120 + 70 * Math.max(0, ...[0, 1, 2].map((column) => nodes.filter((node) => node.column === column).length));
  const laid = useMemo(
    () =>
      sankey<FlowNode, Carried>()
        .nodeId(({ id }) => id)
        .nodeAlign(({ column }) => column)
        .nodeWidth(NODE)
        .nodePadding(GAP)
        .extent([
          [0, 52],
          [WIDTH, height - 8],
        ])({
        nodes: nodes.map((node) => ({ ...node })),
        links: links.map((link) => ({ ...link })),
      }),
    [nodes, links, height],
  );
  const open = (of: FlowLink['of']) => {
    go(chosen(placeNow(), { why: subjectText({ ...of, ...(item !== undefined && { item }) }) }));
  };
  return (
    <svg
      className="flow"
      viewBox={`-10 0 ${WIDTH + 20} ${height}`}
      role="group"
      aria-label="From who has the units, through where they are, to whose they are"
    >
      {['In the hands of', 'Where they are', 'Whose they are'].map((title, column) => (
        <text key={title} className="column" x={(column * WIDTH) / 2} y={14} textAnchor={anchors[column]}>
          {title}
        </text>
      ))}
      {laid.links.map((link) => (
        <Band key={`${idOf(link.source)} ${idOf(link.target)}`} link={link} onOpen={open} names={names} />
      ))}
      {laid.nodes.map((node) => (
        <Place key={node.id} node={node} names={names} />
      ))}
    </svg>
  );
}

const anchors = ['start', 'middle', 'end'] as const;
const idOf = (end: Link['source']): string => (typeof end === 'object' ? end.id : String(end));

/** As wide as there are units, and never so narrow that nobody sees it. */
function ribbon({ source, target, y0 = 0, y1 = 0, width = 0 }: Link): string {
  if (typeof source !== 'object' || typeof target !== 'object') return '';
  const [left, right, half] = [source.x1 ?? 0, target.x0 ?? 0, Math.max(0.75, width / 2)];
  const middle = (left + right) / 2;
  const edge = (from: number, a: number, to: number, b: number) =>
    `${from},${a}C${middle},${a},${middle},${b},${to},${b}`;
  return `M${edge(left, y0 - half, right, y1 - half)}L${edge(right, y1 + half, left, y0 + half)}Z`;
}

function Band({
  link,
  onOpen,
  names,
}: {
  readonly link: Link;
  readonly onOpen: (of: FlowLink['of']) => void;
  readonly names: Props['names'];
}) {
  const nameOf = (end: Link['source']) => (typeof end === 'object' ? (names.get(end.name) ?? end.name) : String(end));
  const text = `${units(link.value)} units, ${nameOf(link.source)} to ${nameOf(link.target)}`;
  return (
    <path
      className={`ribbon is-${link.stage}`}
      d={ribbon(link)}
      role="button"
      tabIndex={0}
      aria-label={`${text}. Why?`}
      onClick={() => {
        onOpen(link.of);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onOpen(link.of);
      }}
    >
      <title>{text}</title>
    </path>
  );
}

function Place({ node, names }: { readonly node: Node; readonly names: Props['names'] }) {
  const { x0 = 0, x1 = 0, y0 = 0, y1 = 0, column, value = 0 } = node;
  const x = column === 0 ? x1 + 8 : column === 1 ? (x0 + x1) / 2 : x0 - 8;
  const y = column === 1 ? y0 - 7 : (y0 + y1) / 2 + 4;
  return (
    <g>
      <rect className="node" x={x0} y={y0} width={x1 - x0} height={Math.max(1.5, y1 - y0)} />
      <text x={x} y={y} textAnchor={anchors[column]}>
        {names.get(node.name) ?? node.name} <tspan className="count">{units(value)}</tspan>
      </text>
    </g>
  );
}
