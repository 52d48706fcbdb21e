/**
 * Answers for computing label-local values once for each distinct patch instead of once for each pixel. It writes a forward
 * graph anew before it is differentiated, so that gradients come in rows too:
 *
 *     conv2d(one_hot(ids), f) -> rows of level 0: what f holds for the labels of a patch, summed up (patch_sum)
 *     relu(rows + bias)       -> the same, of rows
 *     conv2d(rows, f)         -> rows of level 1: rows x f, one block for each place, summed up by what the patch holds
 *     rows where pixels meet  -> expand_rows
 *
 * What is label-local is decided by `locality/` alone; here is how its ops act on rows. Values without a rule stay pixels.
 */
import type { Builder } from '../../ops/builder.ts';
import type { Node } from '../../ir/node.ts';
import { rebuild, reachableTo } from '../../ir/rebuild.ts';
import { analyzeLocality, type Locality } from '../../locality/analysis.ts';
import { convolveApart, expand } from './convolve.ts';
import { hasMargin, type Form } from './forms.ts';
import type { LevelPlanner } from './levels.ts';
import { ruleOf } from './rules.ts';
import type { Tables } from './tables.ts';

/** Writes the forward graphs of one builder anew; what was written once stays, so that objectives share it. */
export class Tabulation implements Tables {
  private readonly forms = new Map<Node, Form>();
  private readonly pixels = new Map<Node, Node>();

  constructor(
    readonly b: Builder,
    readonly levels: LevelPlanner,
  ) {}

  /**
   * Gives what takes the place of each root. `weights` are nodes that are the same at every pixel and stay as they are, such
   * as the variables' values when an objective begins.
   */
  rewrite(roots: readonly Node[], weights: ReadonlySet<Node>): ReadonlyMap<Node, Node> {
    const { labels, edges } = this.levels.maps;
    const isMap = (name: string): boolean => name === labels || name === edges;
    const locality = analyzeLocality(roots, { isMap, weights });
    for (const node of reachableTo(roots, weights)) {
      if (weights.has(node)) this.pixels.set(node, node);
      if (this.pixels.has(node) || this.forms.has(node)) continue;
      this.b.within(node.origin, () => this.place(node, locality));
    }
    return new Map(roots.map((root) => [root, this.asPixels(root)]));
  }

  formOf(node: Node): Form | undefined {
    return this.forms.get(node);
  }

  asPixels(node: Node): Node {
    const known = this.pixels.get(node);
    if (known) return known;
    const form = this.forms.get(node);
    const made = this.b.within(node.origin, () =>
      form?.kind === 'rows' && !hasMargin(form.margin) ? expand(this, form) : this.rebuilt(node),
    );
    this.pixels.set(node, made);
    return made;
  }

  /** Finds the form of a node whose operands have been placed, or makes its pixels. */
  private place(node: Node, locality: Locality): void {
    const form = ruleOf(node.op)?.(this, node);
    // Rows are for what is proven to be a function of patches.
    if (form && (form.kind !== 'rows' || locality.local.has(node))) {
      this.forms.set(node, form);
      return;
    }
    const seen = node.operands[0] && this.forms.get(node.operands[0]);
    const apart =
      seen?.kind === 'pieces' && locality.partly.has(node) ? convolveApart(this, seen, node) : undefined;
    this.pixels.set(node, apart ?? this.rebuilt(node));
  }

  private rebuilt(node: Node): Node {
    const operands = node.operands.map((operand) => this.asPixels(operand));
    return rebuild(this.b, node, operands);
  }
}
