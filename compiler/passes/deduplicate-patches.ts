/**
 * Computes label-local values once for each distinct patch of the label maps instead of once for each pixel: in rows of a table.
 *
 *     conv2d(one_hot(ids), f)  ->  rows = patch_sum(f, parts)             level 0: what f holds for the labels of each patch, summed up
 *     leaky_relu(rows + bias)  ->  the same, of rows
 *     conv2d(rows, f)          ->  patch_sum(matmul(rows, f), parts)      level 1: a product for each row, summed up by what a patch holds
 *     x + rows                 ->  x + expand_rows(rows, pixels)          where pixels meet: each reads the row of its patch
 *     conv2d(concat(one_hot(ids), x), f)  ->  expand_rows(patch_sum(f_0, parts), pixels) + conv2d(x, f_1)
 *
 * What is label-local is proven by `locality/`; the entry of each op says how it acts on rows (`rows/rule.ts`), and values without a
 * rule stay pixels. A level is computed in rows only where that was chosen (deduplicate-patches/choose.ts), and without any choice
 * graphs stay as they are. It comes before gradients are made, so that these come in rows too.
 */
import type { Builder, Node } from '../ir/node.ts';
import { is } from '../ir/op.ts';
import { withValues } from '../ir/program.ts';
import { rebuild } from '../ir/rebuild.ts';
import { input } from '../ir/sources.ts';
import { i32 } from '../ir/types.ts';
import { analyzeLocality, type Locality } from '../locality/analysis.ts';
import type { PatchWindow } from '../patches/plan.ts';
import { hasMargin, type Form, type Pieces, type Pixels, type Rows } from '../rows/forms.ts';
import { pointwise, type Tables } from '../rows/rule.ts';
import { formOfMap, patchInput, patchType, type PatchPart } from './deduplicate-patches/inputs.ts';
import type { LevelPlanner } from './deduplicate-patches/levels.ts';
import type { ForwardGraph, ForwardPass } from './pass.ts';
import { inPlaceOf, nodesOfForward } from './rewrite.ts';

/** How the values of a builder are held: each as a form, as pixels, or as both. */
interface Held {
  readonly forms: Map<Node, Form>;
  readonly pixels: Map<Node, Node>;
}

export const deduplicatePatches: ForwardPass<Held> = {
  name: 'deduplicate-patches',
  level: 'forward',
  remember: () => ({ forms: new Map<Node, Form>(), pixels: new Map<Node, Node>() }),
  run: (graph, { b, levels, memory }) =>
    levels ? new Deduplication(b, levels, memory, localityOf(graph, levels)).run(graph) : graph,
};

function localityOf({ outputs, writes, weights }: ForwardGraph, { maps }: LevelPlanner): Locality {
  const isMap = (name: string): boolean => name === maps.labels || name === maps.edges;
  return analyzeLocality([...outputs.values(), ...writes.values()], { isMap, weights: weights.keys() });
}

class Deduplication implements Tables {
  constructor(
    readonly b: Builder,
    private readonly levels: LevelPlanner,
    private readonly held: Held,
    private readonly locality: Locality,
  ) {}

  run(graph: ForwardGraph): ForwardGraph {
    for (const weight of graph.weights.keys()) this.held.pixels.set(weight, weight);
    for (const node of nodesOfForward(graph))
      if (!this.held.pixels.has(node) && !this.held.forms.has(node))
        inPlaceOf(this.b, node, () => this.hold(node));
    return { ...graph, ...withValues(graph, (node) => this.asPixels(node)) };
  }

  formOf(node: Node): Form | undefined {
    return this.held.forms.get(node);
  }

  asPixels(node: Node): Node {
    const known = this.held.pixels.get(node);
    if (known) return known;
    const form = this.held.forms.get(node);
    const made = inPlaceOf(this.b, node, () =>
      form?.kind === 'rows' && !hasMargin(form.margin) ? this.expand(form) : this.rebuilt(node),
    );
    this.held.pixels.set(node, made);
    return made;
  }

  isPartlyLocal(node: Node): boolean {
    return this.locality.partly.has(node);
  }

  levelOf(form: Pieces | Rows, window: PatchWindow): number | undefined {
    return this.levels.level(form.kind === 'rows' ? { level: form.level } : { grid: form.grid }, window);
  }

  partsOf(level: number, part: Exclude<PatchPart, 'pixels'>, places: number): Node {
    if (part === 'edges') this.levels.wantEdges();
    return this.b.input({ name: patchInput(level, part), ...patchType(level, places) });
  }

  /** Reads rows by pixels: y[n,i,j] = rows[pixels[n,i,j]]. */
  expand({ level, rows, height, width, times }: Rows): Node {
    const { b, levels } = this;
    levels.wantPixels(level);
    const pixels = b.input({
      name: patchInput(level, 'pixels'),
      ...i32(levels.maps.pictures, height, width),
    });
    const all = times === 1 ? pixels : b.concat(new Array<Node>(times).fill(pixels), { axis: 0 });
    return b.expandRows(rows, all);
  }

  /** Finds how the result of a node is held whose operands are. */
  private hold(node: Node): void {
    const found = this.onRows(node);
    if (found?.kind === 'pixels') this.held.pixels.set(node, found.pixels);
    // Rows are for what is proven to be a function of patches.
    else if (found && (found.kind !== 'rows' || this.locality.local.has(node)))
      this.held.forms.set(node, found);
    else this.held.pixels.set(node, this.rebuilt(node));
  }

  private onRows(node: Node): Form | Pixels | undefined {
    if (is(input, node)) return formOfMap(this.levels.maps, node.attrs.name);
    return node.op.traits.isPointwise ? pointwise(node, this) : node.op.onRows?.(node, this);
  }

  private rebuilt(node: Node): Node {
    const operands = node.operands.map((operand) => this.asPixels(operand));
    return rebuild(this.b, node, operands);
  }
}
