/**
 * Computes label-local values once for each distinct patch of the label maps instead of once for each pixel: in rows of a table.
 *
 *     conv2d(one_hot(ids), f)  ->  rows = patch_sum(f, parts)             level 0: what f holds for the labels of each patch, summed up
 *     leaky_relu(rows + bias)  ->  the same, of rows
 *     conv2d(rows, f)          ->  patch_sum(matmul(rows, f), parts)      level 1: a product for each row, summed up by what a patch holds
 *     x + rows                 ->  x + expand_rows(rows, pixels)          where pixels meet: each reads the row of its patch
 *     conv2d(concat(one_hot(ids), x), f)  ->  expand_rows(patch_sum(f_0, parts), pixels) + conv2d(x, f_1)
 *
 * What is label-local is proven by `locality/`; deduplicate-patches/rules.ts says how ops act on rows, and values without a rule stay
 * pixels. A level is computed in rows only where that was chosen (deduplicate-patches/choose.ts), and without any choice graphs stay as
 * they are. It comes before gradients are made, so that these come in rows too.
 */
import type { Builder, Node } from '../ir/node.ts';
import { withValues } from '../ir/program.ts';
import { rebuild } from '../ir/rebuild.ts';
import { analyzeLocality, type Locality } from '../locality/analysis.ts';
import { convolveApart, expand } from './deduplicate-patches/convolve.ts';
import { hasMargin, type Form } from './deduplicate-patches/forms.ts';
import type { LevelPlanner } from './deduplicate-patches/levels.ts';
import { formOfResult } from './deduplicate-patches/rules.ts';
import type { Tables } from './deduplicate-patches/tables.ts';
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
  run: (graph, { b, levels, memory }) => (levels ? new Deduplication(b, levels, memory).run(graph) : graph),
};

class Deduplication implements Tables {
  constructor(
    readonly b: Builder,
    readonly levels: LevelPlanner,
    private readonly held: Held,
  ) {}

  run(graph: ForwardGraph): ForwardGraph {
    const { labels, edges } = this.levels.maps;
    const { weights, outputs, writes } = graph;
    const isMap = (name: string): boolean => name === labels || name === edges;
    const roots = [...outputs.values(), ...writes.values()];
    const locality = analyzeLocality(roots, { isMap, weights: weights.keys() });
    for (const weight of weights.keys()) this.held.pixels.set(weight, weight);
    for (const node of nodesOfForward(graph))
      if (!this.held.pixels.has(node) && !this.held.forms.has(node))
        inPlaceOf(this.b, node, () => this.hold(node, locality));
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
      form?.kind === 'rows' && !hasMargin(form.margin) ? expand(this, form) : this.rebuilt(node),
    );
    this.held.pixels.set(node, made);
    return made;
  }

  /** Finds the form of a node whose operands are held, or makes its pixels. */
  private hold(node: Node, locality: Locality): void {
    const form = formOfResult(this, node);
    // Rows are for what is proven to be a function of patches.
    if (form && (form.kind !== 'rows' || locality.local.has(node))) {
      this.held.forms.set(node, form);
      return;
    }
    const seen = node.operands[0] && this.held.forms.get(node.operands[0]);
    const apart =
      seen?.kind === 'pieces' && locality.partly.has(node) ? convolveApart(this, seen, node) : undefined;
    this.held.pixels.set(node, apart ?? this.rebuilt(node));
  }

  private rebuilt(node: Node): Node {
    const operands = node.operands.map((operand) => this.asPixels(operand));
    return rebuild(this.b, node, operands);
  }
}
