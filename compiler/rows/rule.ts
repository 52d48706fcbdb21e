/**
 * How an op acts on label-local values that are held without their pixels: each op's entry says it. What has no rule, or a form that
 * its rule does not take, becomes pixels, so a new op is right before it is known.
 */
import { shapeOf, type AttrRules, type Builder, type Node } from '../ir/node.ts';
import type { NodeOf, OpOf } from '../ir/op.ts';
import { rebuild } from '../ir/rebuild.ts';
import { sizeOf } from '../ir/types.ts';
import type { PatchWindow } from '../patches/plan.ts';
import { hasMargin, type Form, type Pieces, type Pixels, type Rows } from './forms.ts';

declare module '../ir/node.ts' {
  interface Op {
    /** How a node's result is held, given how its operands are; undefined where only pixels will do. */
    onRows?(node: Node, tables: Tables): Form | Pixels | undefined;
  }
}

declare module '../ir/op.ts' {
  interface Entry<O extends readonly string[], A extends AttrRules> {
    /** How a node's result is held, given how its operands are; left out where only pixels will do, or by pointwise ops. */
    readonly onRows?: (node: NodeOf<OpOf<O, A>>, tables: Tables) => Form | Pixels | undefined;
  }
}

/** The tables of a program as rules see them. Nodes that rules are given are of the old graph, those that they make of the new one. */
export interface Tables {
  readonly b: Builder;
  /** How a value is held, if it is not pixels. */
  formOf(node: Node): Form | undefined;
  /** The value in the new graph that has the same pixels as `node` in the old one. */
  asPixels(node: Node): Node;
  /** Tells whether a convolution is proven to read labels in some channels, and something else in the others. */
  isPartlyLocal(node: Node): boolean;
  /** Numbers the level of the patches that a window sees of labels or of rows; undefined where no table of it was chosen. */
  levelOf(form: Pieces | Rows, window: PatchWindow): number | undefined;
  /** What the patches of a level hold at each of their places: labels, or rows of the level below; or whether an edge is there. */
  partsOf(level: number, part: 'parts' | 'edges', places: number): Node;
  /** Gives every pixel the row of its patch. */
  expand(rows: Rows): Node;
}

/** Pixel by pixel: rows of one level, and what is the same at every pixel; what every pointwise op does. */
export function pointwise(node: Node, tables: Tables): Rows | undefined {
  const forms = node.operands.map((operand) => tables.formOf(operand));
  const rows = forms.filter((form) => form?.kind === 'rows');
  const [first] = rows;
  const isOneLevel = rows.every(
    (form) => form.level === first?.level && form.times === first.times && !hasMargin(form.margin),
  );
  if (!first || !isOneLevel) return undefined;
  const operands = node.operands.map((operand, index) => {
    const form = forms[index];
    if (form) return form.kind === 'rows' ? form.rows : undefined;
    const shape = shapeOf(operand);
    const channels = shape.at(-1) ?? 1;
    if (sizeOf(shape) !== channels) return undefined;
    const value = tables.asPixels(operand);
    return shape.length < 2 ? value : tables.b.reshape(value, { shape: [channels] });
  });
  const isWhole = (all: readonly (Node | undefined)[]): all is readonly Node[] => all.every((one) => one);
  return isWhole(operands) ? { ...first, rows: rebuild(tables.b, node, operands) } : undefined;
}
