/**
 * Computes `explain --locality`: which parts of a network depend on labels alone, their windows, and their share of
 * the FLOP.
 */
import { scratchEnvironment, scratchInputs } from '../check/rules/scratch.ts';
import { reachable, shapeOf, type Node } from '../ir/node.ts';
import { analyzeLocality } from '../locality/analysis.ts';
import type { LocalAxis, LocalValue } from '../locality/local.ts';
import { edgesOf, instantiateNodes, leavesOf, readTree, type Tree } from '../build/instantiate.ts';
import type { InputSpec, NetworkSpec, Ref } from '../format/types.ts';

/** Values of one resolution with the same windows on the maps. */
export interface LocalGroup {
  readonly height: number;
  readonly width: number;
  /** The window on each map: `seg 5x5`, width before height; `of 64x64` if the window is on a resized grid. */
  readonly windows: readonly string[];
  /** The paths of the blocks that compute these values, in order. */
  readonly blocks: readonly string[];
  readonly nodes: number;
  /** Floating-point operations of a forward pass over one picture. */
  readonly flops: number;
  /** Whether the values are convolutions of which only some input channels are labels; FLOP count those channels. */
  readonly isPartly: boolean;
}

export interface LocalityExplanation {
  readonly name: string;
  readonly groups: readonly LocalGroup[];
  readonly flops: number;
}

/**
 * Names the inputs that carry label maps as discrete values: ids and edges. Instance ids are left out, as each picture
 * numbers them differently.
 */
export function labelInputs(inputs: readonly InputSpec[]): ReadonlySet<string> {
  return new Set(
    inputs.flatMap((input) =>
      input.kind !== 'labels' ? [] : input.edges ? [input.name, edgesOf(input.name)] : [input.name],
    ),
  );
}

/**
 * Builds the forward pass of a network for one picture in training, where normalizations mix pixels; gives the nodes
 * of its results.
 */
function forwardOf(network: NetworkSpec, networks: readonly NetworkSpec[]): Node[] {
  const environment = { ...scratchEnvironment(networks), batch: 1 };
  const values = new Map<Ref, Tree>(scratchInputs(environment, network.inputs));
  instantiateNodes(environment, network.nodes, values, network.name);
  return leavesOf(readTree(network.outputs, values, environment, network.name));
}

/** Explains which values of a network are label-local. */
export function explainLocality(network: NetworkSpec, networks: readonly NetworkSpec[]): LocalityExplanation {
  const roots = forwardOf(network, networks);
  const maps = labelInputs(network.inputs);
  const { local, partly } = analyzeLocality(roots, { isMap: (name) => maps.has(name) });
  const groups = new Map<string, Node[]>();
  const entries = new Map<string, { value: LocalValue; isPartly: boolean }>();
  const share = new Map<Node, number>();
  let flops = 0;
  for (const node of reachable(roots)) {
    const work = node.op.flops(node);
    flops += work;
    const part = partly.get(node);
    const value = local.get(node) ?? part?.local;
    if (!value || work === 0) continue;
    const key = `${value.key} ${part !== undefined}`;
    entries.set(key, { value, isPartly: part !== undefined });
    groups.set(key, [...(groups.get(key) ?? []), node]);
    const channels = part?.channels.reduce((sum, [from, to]) => sum + to - from, 0);
    share.set(node, channels === undefined ? work : (work * channels) / shapeOf(node.operands[0]!).at(-1)!);
  }
  const scope = (node: Node): string => node.origin?.scope.slice(network.name.length + 1) ?? '';
  return {
    name: network.name,
    flops,
    groups: [...entries].map(([key, { value, isPartly }]) => {
      const nodes = groups.get(key) ?? [];
      return {
        height: value.rowClasses.length,
        width: value.columnClasses.length,
        windows: value.views.map(({ map, rows, columns }) => `${map} ${windowText(rows, columns)}`),
        blocks: [...new Set(nodes.map(scope))],
        nodes: nodes.length,
        flops: nodes.reduce((sum, node) => sum + (share.get(node) ?? 0), 0),
        isPartly,
      };
    }),
  };
}

function windowText(rows: LocalAxis, columns: LocalAxis): string {
  const length = ({ from, to }: LocalAxis): number => to - from + 1;
  const isOwnGrid = [rows, columns].every(({ grid, anchors }) => grid.length === anchors.length);
  const size = `${length(columns)}x${length(rows)}`;
  return isOwnGrid ? size : `${size} of ${columns.grid.length}x${rows.grid.length}`;
}
