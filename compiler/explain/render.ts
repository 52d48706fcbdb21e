/** Renders an explanation as text: aligned tables that fit a terminal of 110 columns. */
import type { BlockCost, Explanation, NetworkExplanation, StepExplanation } from './explain.ts';
import { composites, type CompositeTraits } from '../ops/composite/index.ts';
import type { LevelChoice } from '../passes/deduplicate-patches/choose.ts';
import type { LocalityExplanation } from './locality.ts';

export interface RenderOptions {
  /** The levels of blocks shown below a network; 1 by default. */
  readonly depth?: number;
}

/** Renders an explanation; ends with a line break. */
export function renderExplanation(explanation: Explanation, options: RenderOptions = {}): string {
  const sections = [
    ...explanation.networks.map((network) => renderNetwork(network, options.depth ?? 1)),
    ...(explanation.step ? [renderStep(explanation.step), ...renderTables(explanation.step.levels)] : []),
    ...(explanation.times.length > 0
      ? [
          renderPairs(
            'Compilation',
            explanation.times.map(({ phase, milliseconds }) => [phase, `${milliseconds.toFixed(0)} ms`]),
          ),
        ]
      : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Renders the label-local parts of a network, one row for each resolution and window; ends with a line break. */
export function renderLocality({ name, groups, flops }: LocalityExplanation): string {
  if (groups.length === 0) return `${name}   nothing in it depends on labels alone\n`;
  const percent = (part: number): string => `${((100 * part) / flops).toFixed(1)} %`;
  const rows = groups.map((group) => [
    `${group.width} x ${group.height}`,
    cut(`${group.windows.join(' + ')}${group.isPartly ? ', part' : ''}`, 1),
    cut(commonPaths(group.blocks), 1),
    String(group.nodes),
    formatCount(group.flops),
    percent(group.flops),
  ]);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const all = sum(groups.map((group) => group.flops));
  const nodes = String(sum(groups.map((group) => group.nodes)));
  const table = [
    ['w x h', 'labels seen', 'in', 'nodes', 'FLOP', 'share'],
    ...rows,
    ['total', '', '', nodes, formatCount(all), percent(all)],
  ];
  const note = groups.some(({ isPartly }) => isPartly)
    ? ['part: a convolution reads labels beside other channels; its work for the labels is counted']
    : [];
  return `${[`${name}   what depends on labels alone, of a training pass forward over one picture`, ...align(table, 3), ...note].join('\n')}\n`;
}

/** Abbreviates a list of blocks: `norm_0.mlp_shared and 5 more`. */
function commonPaths(paths: readonly string[]): string {
  const [first = '', ...others] = paths.map((path) => path || 'the network itself');
  return others.length === 0 ? first : `${cut(first, 0)} + ${others.length}`;
}

const layerWidth = 26;
const opsWidth = 32;

function renderNetwork(network: NetworkExplanation, depth: number): string {
  const inputs = network.inputs.map(
    ({ name, shape, note }) => `${name}: ${formatShape(shape)}${note && ` (${note})`}`,
  );
  const rows = rowsOf(network.total, 0, depth);
  const table = [
    ['block', 'ops', 'w x h x channels', 'parameters', 'FLOP', 'memory'],
    ...rows,
    ['total', '', formatShape(network.total.shape), ...numbers(network.total)],
  ];
  const exact = network.total.parameters.toLocaleString('en-US');
  const state = network.state > 0 ? `, and ${formatCount(network.state).trimEnd()} numbers of state` : '';
  return [
    `${network.name} = ${network.definition}   ${inputs.join(', ')}`,
    ...align(table),
    `${exact} parameters${state}; FLOP and memory of a forward pass over one picture`,
  ].join('\n');
}

function rowsOf(block: BlockCost, level: number, depth: number): string[][] {
  return block.blocks.flatMap((inner) => {
    const name = `${'  '.repeat(level)}${inner.name}`;
    const isOpen = level + 1 < depth && inner.blocks.length > 0;
    const row = [name, formatOps(inner.ops), formatShape(inner.shape), ...numbers(inner)];
    return [row.map((cell, column) => cut(cell, column)), ...(isOpen ? rowsOf(inner, level + 1, depth) : [])];
  });
}

function cut(cell: string, column: number): string {
  const width = column === 0 ? layerWidth : column === 1 ? opsWidth : Infinity;
  return cell.length <= width ? cell : `${cell.slice(0, width - 1)}…`;
}

function numbers(block: BlockCost): string[] {
  return [formatCount(block.parameters), formatCount(block.flops), formatBytes(block.activationBytes)];
}

/** Tells whether an op says `little` or `most` about its block: ops of little are left out, ops of most come first. */
function tells(op: string, how: CompositeTraits['tells']): boolean {
  return composites.get(op)?.traits.tells === how;
}

/** Lists the most informative ops of a block with their counts. */
export function formatOps(ops: ReadonlyMap<string, number>): string {
  const major = [...ops].filter(([name]) => !tells(name, 'little'));
  const shown = (major.length > 0 ? major : [...ops]).toSorted(
    ([a], [b]) => Number(tells(b, 'most')) - Number(tells(a, 'most')),
  );
  return shown.map(([name, count]) => (count > 1 ? `${count} ${name}` : name)).join(', ');
}

function renderStep(step: StepExplanation): string {
  const nodes =
    step.nodesBefore === step.nodesAfter
      ? String(step.nodesAfter)
      : `${step.nodesAfter} (${step.nodesBefore} pixel by pixel)`;
  return renderPairs(`Training step, batch ${step.batch}`, [
    ['nodes', nodes],
    ['forward', `${formatCount(step.forwardFlops)}FLOP`],
    ['backward and update', `${formatCount(step.backwardFlops)}FLOP`],
    ...(step.levels?.some(({ isTable }) => isTable)
      ? [['pixel by pixel', `${formatCount(step.denseFlops)}FLOP in all`] as const]
      : []),
    ['variables', formatBytes(step.variableBytes)],
    ['optimizer slots', formatBytes(step.slotBytes)],
    ['activations at the peak', `${formatBytes(step.peakActivationBytes)} (estimate)`],
    ['all, with what the engine holds', `${formatBytes(step.memoryBytes)} (estimate)`],
  ]);
}

/** Renders the levels computed in tables, with reasons; empty if there was nothing to decide. */
function renderTables(levels: readonly LevelChoice[] | undefined): string[] {
  const title = 'Patch tables';
  if (!levels) return [`${title}\n  not considered: no label maps were found to count patches in`];
  if (levels.length === 0) return [];
  const head = ['labels > windows', 'computed', 'w x h', 'patches', 'share'];
  const rows = levels.map(({ key, isTable, height, width, rows: count, share }) => [
    key,
    isTable ? 'in rows' : 'in pixels',
    `${width} x ${height}`,
    String(Math.round(count)),
    `${(100 * share).toFixed(1)} %`,
  ]);
  // Other tables have a total in the last row.
  const lines = align([head, ...rows, []]).slice(0, -2);
  return [[title, ...lines.map((line) => `  ${line}`.trimEnd())].join('\n')];
}

function renderPairs(title: string, pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return [title, ...pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

/**
 * Aligns the first `texts` columns to the left and the rest to the right, with a rule below the head and above the
 * last row.
 */
export function align(rows: readonly (readonly string[])[], texts = 2): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < texts ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [...lines.slice(0, 1), rule, ...lines.slice(1, -1), rule, ...lines.slice(-1)];
}

/** Writes a picture's shape as width x height x channels, other shapes unchanged. */
export function formatShape(shape: readonly number[] | undefined): string {
  if (!shape) return 'several';
  const [height, width, ...channels] = shape;
  return width === undefined ? String(height ?? 1) : [width, height, ...channels].join(' x ');
}

/** Formats a number with three or four digits and its unit: `92.3 M`. */
export function formatCount(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  return scale(value, 1000, units);
}

/** Formats a number of bytes: `310 MiB`. */
export function formatBytes(value: number): string {
  return scale(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
}

function scale(value: number, base: number, units: readonly string[]): string {
  let exponent = 0;
  let scaled = value;
  // 999.6 would round to 1000 of the smaller unit.
  while (scaled >= base - 0.5 && exponent < units.length - 1) {
    scaled /= base;
    exponent++;
  }
  const digits = exponent === 0 ? 0 : scaled >= 100 ? 0 : 1;
  return `${scaled.toFixed(digits)} ${units[exponent] ?? ''}`;
}
