/**
 * Draws a network in Graphviz's DOT language: blocks down to a depth as boxes, values as arrows between them. The text
 * has no layout.
 */
import { forHtml, visible } from '../../dsl/escape.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { sizeOf } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { scratchEnvironment, scratchInputs } from '../check/rules/scratch.ts';
import { analyzeLocality } from '../locality/analysis.ts';
import { instantiateNodes, leavesOf, typesOfInput, type Tree } from '../build/instantiate.ts';
import { composites, isOf, type CompositeTraits } from '../ops/composite/index.ts';
import { oneHot } from '../ops/composite/pointwise.ts';
import { concat } from '../ops/composite/structure.ts';
import { refsOf } from '../format/queries.ts';
import type { NetworkSpec, NodeSpec, Ref, RefTree } from '../format/types.ts';
import { labelInputs } from './locality.ts';
import { formatCount, formatOps, formatShape } from './render.ts';

export interface DrawingOptions {
  /** The levels of blocks drawn below the network; 1 by default. */
  readonly depth?: number;
  /** Tints boxes that depend on labels alone. */
  readonly locality?: boolean;
}

type BoxKind = 'input' | 'norm' | 'block' | 'op' | 'output';

interface Box {
  readonly id: string;
  readonly title: string;
  readonly kind: BoxKind;
  /** The blocks around it, outermost first. */
  readonly parents: readonly string[];
  readonly ops: Map<string, number>;
  shape: readonly number[] | undefined;
  parameters: number;
  /** The values of its nodes. */
  readonly made: Node[];
  /** Whether it normalizes an input from outside. */
  normalizes: boolean;
  /** For a box that stands for several equal boxes in a row: the last of them, and their number. */
  run: { readonly last: string; readonly times: number } | undefined;
}

interface Arrow {
  readonly from: Box;
  readonly to: Box;
}

/** A result that is taken from a box in the middle of the network. */
interface Tap {
  readonly from: Box;
  readonly title: string;
}

/** Gives the DOT text of a network's drawing. */
export function drawNetwork(
  network: NetworkSpec,
  networks: readonly NetworkSpec[],
  options: DrawingOptions = {},
): string {
  return new Drawing(network, networks, options.depth ?? 1, options.locality ?? false).dot();
}

class Drawing {
  private readonly boxes = new Map<string, Box>();
  /** The box that computes each value. */
  private readonly makers = new Map<Ref, Box>();
  private readonly arrows = new Map<string, Arrow>();
  private readonly taps: Tap[] = [];
  /** The scopes that contain blocks, drawn as frames around them. */
  private readonly frames = new Set<string>();
  /** The number of uses of each value. */
  private readonly uses = new Map<Ref, number>();

  constructor(
    private readonly network: NetworkSpec,
    networks: readonly NetworkSpec[],
    private readonly depth: number,
    private readonly tintsLocal: boolean,
  ) {
    for (const input of network.inputs) {
      const box = this.box(`input ${input.name}`, input.name, 'input', []);
      const types = typesOfInput(input, 1);
      box.shape = input.kind === 'labels' ? [input.height, input.width] : input.shape;
      for (const [name] of types) this.makers.set(name, box);
    }
    this.survey();
    this.addNodes(networks);
    this.addParameters();
    this.addOutputs(network.outputs, []);
  }

  private survey(): void {
    for (const { scope, inputs } of this.network.nodes) {
      const parts = scope?.split('.') ?? [];
      for (let length = 1; length < Math.min(parts.length, this.depth); length++)
        this.frames.add(parts.slice(0, length).join('.'));
      for (const ref of inputs) this.uses.set(rootOf(ref), (this.uses.get(rootOf(ref)) ?? 0) + 1);
    }
    for (const ref of refsOf(this.network.outputs))
      this.uses.set(rootOf(ref), (this.uses.get(rootOf(ref)) ?? 0) + 1);
  }

  private addNodes(networks: readonly NetworkSpec[]): void {
    const { network } = this;
    // In training, normalizations use statistics of the batch, so fewer values depend on labels alone.
    const environment = { ...scratchEnvironment(networks), batch: 1, training: this.tintsLocal };
    const values = new Map<Ref, Tree>(scratchInputs(environment, network.inputs));
    for (const node of network.nodes) {
      instantiateNodes(environment, [node], values, network.name);
      if (composites.get(node.op)?.traits.silent) continue;
      const sources = node.inputs.flatMap((ref) => this.makers.get(rootOf(ref)) ?? []);
      const box = this.boxOf(node, sources);
      this.makers.set(node.id, box);
      for (const from of sources) this.connect(from, box);
      box.ops.set(node.op, (box.ops.get(node.op) ?? 0) + 1);
      if (normalizes(node.op, 'activations') && sources[0] !== box) box.normalizes = true;
      const value = values.get(node.id);
      if (value) box.made.push(...leavesOf(value));
      box.shape = value && !Array.isArray(value) ? shapeOf(value as never).slice(1) : undefined;
    }
  }

  /** The box of a node: that of its block at the drawn depth, or its own. */
  private boxOf(node: NodeSpec, sources: readonly Box[]): Box {
    const [source] = sources;
    // The encoding of a label map as channels is drawn as part of the label map.
    if (source && !node.scope && isEncoding(node) && sources.every((one) => one === source)) return source;
    const scopes = node.scope?.split('.') ?? [];
    const drawn = scopes.slice(0, this.depth);
    const inFrame = scopes.length === 0 || this.frames.has(scopes.join('.'));
    if (!inFrame)
      return this.box(
        drawn.join('.'),
        must(drawn.at(-1), 'a drawn node has a scope'),
        'block',
        drawn.slice(0, -1),
      );
    // A single op joins the single op before it, if that has no other use.
    const isChained =
      source?.kind === 'op' &&
      sources.length === 1 &&
      String(source.parents) === String(drawn) &&
      node.inputs.every((ref) => ref.startsWith('@') || this.uses.get(rootOf(ref)) === 1);
    if (isChained) return source;
    const title = node.op === 'call' ? String(node.attrs?.['network']) : node.op;
    return this.box(node.id, title, 'op', drawn);
  }

  private box(id: string, title: string, kind: BoxKind, parents: readonly string[]): Box {
    const known = this.boxes.get(id);
    if (known) return known;
    const box: Box = {
      id,
      title,
      kind,
      parents,
      ops: new Map(),
      shape: undefined,
      parameters: 0,
      made: [],
      normalizes: false,
      run: undefined,
    };
    this.boxes.set(id, box);
    return box;
  }

  private connect(from: Box, to: Box): void {
    if (from !== to) this.arrows.set(`${from.id}>${to.id}`, { from, to });
  }

  private addParameters(): void {
    for (const { name, role, shape } of this.network.variables) {
      if (role !== 'parameter') continue;
      const path = name.split('.').slice(0, this.depth);
      for (let length = path.length; length > 0; length--) {
        const box = this.boxes.get(path.slice(0, length).join('.'));
        if (!box) continue;
        box.parameters += sizeOf(shape);
        break;
      }
    }
  }

  /**
   * Adds a box for an output picture and for each list of features; features of earlier boxes are drawn beside those.
   */
  private addOutputs(tree: RefTree, path: readonly number[]): void {
    const leaves = (typeof tree === 'string' ? [tree] : tree).flatMap((part, index) => {
      const from = typeof part === 'string' ? this.makers.get(rootOf(part)) : undefined;
      return from ? [{ from, path: typeof tree === 'string' ? path : [...path, index] }] : [];
    });
    const makers = [...new Set(leaves.map(({ from }) => from))];
    makers.forEach((from, index) => {
      const own = leaves.filter((leaf) => leaf.from === from);
      // A box that makes a whole list gets the list's name; otherwise boxes get the names of their items.
      const names = makers.length === 1 ? [path] : own.map((leaf) => leaf.path);
      const title = ['output', names.map((name) => name.join('/')).join(', ')].join(' ').trim();
      if (index < makers.length - 1) {
        this.taps.push({ from, title });
        return;
      }
      const box = this.box(`output ${path.join('/')}`, title, 'output', []);
      this.connect(from, box);
      if (own.length === 1) box.shape = from.shape;
    });
    if (typeof tree !== 'string')
      tree.forEach((part, index) => {
        if (typeof part !== 'string') this.addOutputs(part, [...path, index]);
      });
  }

  /** Folds three or more equal blocks in a row into one box, if they have no other neighbors. */
  private foldRuns(): void {
    const arrows = [...this.arrows.values()];
    const next = (box: Box): Box | undefined => {
      const [out, ...others] = arrows.filter(({ from }) => from === box);
      if (!out || others.length > 0 || this.taps.some(({ from }) => from === box)) return undefined;
      const isOnly = arrows.filter(({ to }) => to === out.to).length === 1;
      return isOnly && areAlike(box, out.to) ? out.to : undefined;
    };
    const folded = new Set<Box>();
    for (const box of this.boxes.values()) {
      if (folded.has(box)) continue;
      const run = [box];
      for (let one = next(box); one && !run.includes(one); one = next(one)) run.push(one);
      const [last] = run.slice(-1);
      if (run.length < 3 || !last) continue;
      box.run = { last: last.title, times: run.length };
      for (const one of run.slice(1)) folded.add(one);
      for (const [key, { from, to }] of [...this.arrows]) {
        if (run.includes(from)) this.arrows.delete(key);
        if (from === last) this.connect(box, to);
      }
      for (const tap of this.taps.splice(0)) this.taps.push(tap.from === last ? { ...tap, from: box } : tap);
    }
  }

  /** The boxes whose values are all label-local or weights. */
  private localBoxes(): ReadonlySet<Box> {
    if (!this.tintsLocal) return new Set();
    const boxes = [...this.boxes.values()].filter(({ kind }) => kind === 'block' || kind === 'op');
    const maps = labelInputs(this.network.inputs);
    const made = boxes.flatMap((box) => box.made);
    const { local, weights } = analyzeLocality(made, { isMap: (name) => maps.has(name) });
    const sees = (node: Node): boolean => local.has(node);
    return new Set(
      boxes.filter((box) => box.made.some(sees) && box.made.every((node) => sees(node) || weights.has(node))),
    );
  }

  dot(): string {
    const local = this.localBoxes();
    this.foldRuns();
    const arrows = [...this.arrows.values()];
    // Boxes without arrows would be placed anywhere, so they are left out.
    const used = new Set(arrows.flatMap(({ from, to }) => [from, to]));
    const boxes = [...this.boxes.values()].filter((box) => used.has(box));
    const ids = new Map(boxes.map((box, index) => [box, `b${index}`]));
    // A label map that reaches every layer is drawn again beside each: arrows across the whole drawing are unreadable.
    const copies = arrows.filter(
      ({ from }, index) =>
        from.kind === 'input' && arrows.slice(0, index).some((before) => before.from === from),
    );
    const drawn = arrows.filter((arrow) => !copies.includes(arrow));
    const column = new Set(longestPath(drawn));
    const lines = [
      'digraph network {',
      '  graph [rankdir=TB, ranksep=0.22, nodesep=0.3, bgcolor="#ffffff", pad=0.3, fontname="Helvetica", fontsize=11, color="#c9ced6", fontcolor="#5c6470", style="rounded", labeljust=l]',
      '  node [shape=plain, fontname="Helvetica", fontsize=11, fontcolor="#15171a"]',
      '  edge [color="#6b7480", arrowsize=0.6, penwidth=1.1]',
      ...this.frame(boxes, ids, copies, local, [], '  '),
      // Boxes of one Graphviz group are drawn in a column.
      ...boxes.filter((box) => column.has(box)).map((box) => `  ${ids.get(box)} [group=column]`),
      ...drawn.map(({ from, to }) => `  ${ids.get(from)} -> ${ids.get(to)} [weight=4]`),
      '}',
    ];
    return `${lines.join('\n')}\n`;
  }

  private sourcesOf(box: Box): Box[] {
    return [...this.arrows.values()].flatMap(({ from, to }) => (to === box ? [from] : []));
  }

  /** A frame with its boxes, the frames inside, and copies of inputs beside the boxes that use them. */
  private frame(
    boxes: readonly Box[],
    ids: ReadonlyMap<Box, string>,
    copies: readonly Arrow[],
    local: ReadonlySet<Box>,
    path: readonly string[],
    indent: string,
  ): string[] {
    const here = boxes.filter((box) => String(box.parents) === String(path));
    const inside = boxes.filter(
      (box) => box.parents.length > path.length && String(box.parents.slice(0, path.length)) === String(path),
    );
    const names = [
      ...new Set(
        inside.map((box) =>
          must(box.parents[path.length], 'a node inside of a block lies deeper than the block'),
        ),
      ),
    ];
    return [
      ...here.map(
        (box) => `${indent}${ids.get(box)} [label=${labelOf(box, this.sourcesOf(box), local.has(box))}]`,
      ),
      ...copies.flatMap(({ from, to }, index) => {
        if (!here.includes(to)) return [];
        // The second copy is drawn on the other side of the box.
        const isSecond = copies.slice(0, index).some((before) => before.to === to);
        const [id, copy] = [ids.get(to), `c${path.length}_${index}`];
        const { line, fill } = colors.input;
        const [left, right] = isSecond ? [id, copy] : [copy, id];
        const back = isSecond ? ', dir=back' : '';
        return [
          `${indent}{ rank=same; ${copy} [label=${tableOf(line, fill, [titleOf(from.title)])}]; ${id} }`,
          `${indent}${left} -> ${right} [color="${line}", arrowsize=0.5${back}]`,
        ];
      }),
      ...this.taps.flatMap(({ from, title }, index) => {
        if (!here.includes(from)) return [];
        const [id, tap] = [ids.get(from), `t${path.length}_${index}`];
        const { line, fill } = colors.output;
        return [
          `${indent}{ rank=same; ${id}; ${tap} [label=${tableOf(line, fill, [titleOf(title)])}] }`,
          `${indent}${id} -> ${tap} [color="${line}", arrowsize=0.5]`,
        ];
      }),
      ...names.flatMap((name) => [
        `${indent}subgraph ${quote(`cluster_${[...path, name].join('.')}`)} {`,
        `${indent}  label=${quote(name)}`,
        ...this.frame(inside, ids, copies, local, [...path, name], `${indent}  `),
        `${indent}}`,
      ]),
    ];
  }
}

const colors: Readonly<Record<BoxKind, { readonly fill: string; readonly line: string }>> = {
  input: { fill: '#dff3ea', line: '#0a8f6a' },
  norm: { fill: '#fdebd8', line: '#cf8a3c' },
  block: { fill: '#e6eefb', line: '#5b83c4' },
  op: { fill: '#f4f5f6', line: '#c2c7ce' },
  output: { fill: '#efe4f7', line: '#8a5fb0' },
};

/** The tint of boxes that depend on labels alone. */
const localColors = { fill: '#d5efc4', line: '#4c8f2f' };

/** A box as Graphviz's HTML-like label: title, ops, shape and parameters. */
function labelOf(box: Box, sources: readonly Box[], isLocal: boolean): string {
  const isNorm = isNormalization(box);
  // For an activation or a resize, the title is enough.
  const isPlain = box.kind === 'block' && !isNorm && box.parameters === 0;
  const { fill, line } = isLocal ? localColors : colors[isNorm ? 'norm' : isPlain ? 'op' : box.kind];
  const inner = box.kind === 'block' && !isPlain ? formatOps(box.ops) : '';
  const ops = box.kind === 'op' && box.ops.size > 0 ? [...box.ops.keys()].join(', ') : box.title;
  const isAsBefore =
    (isPlain || box.kind === 'op' || box.kind === 'output') &&
    sources.every(({ shape }) => String(shape) === String(box.shape));
  const times = box.run ? `${box.run.times} x ` : '';
  const facts = [
    box.shape && !isAsBefore ? formatShape(box.shape) : '',
    box.parameters > 0 ? `${times}${formatCount(box.parameters).trim()} parameters` : '',
  ].filter((fact) => fact !== '');
  // Non-breaking spaces keep text off the border, in fonts wider than Graphviz's estimate.
  const small = (text: string): string =>
    `<TR><TD><FONT POINT-SIZE="9" COLOR="#5c6470">&#160;${forHtml(text)}&#160;</FONT></TD></TR>`;
  const title = box.run ? `${box.title} to ${box.run.last}` : box.title;
  const rows = [
    box.kind === 'op' || isPlain ? `<TR><TD>${forHtml(ops)}</TD></TR>` : titleOf(title),
    ...(inner === '' || inner === box.title ? [] : [small(`${times}${shorten(inner)}`)]),
    ...(facts.length === 0 ? [] : [small(facts.join(' · '))]),
  ];
  return tableOf(line, fill, rows);
}

function titleOf(title: string): string {
  return `<TR><TD><B>${forHtml(title)}</B></TD></TR>`;
}

function tableOf(line: string, fill: string, rows: readonly string[]): string {
  const padding = rows.length === 1 ? 4 : 2;
  return `<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="${padding}" STYLE="ROUNDED" COLOR="${line}" BGCOLOR="${fill}">${rows.join('')}</TABLE>>`;
}

/** Tells whether an op normalizes activations, or weights. */
function normalizes(op: string, what: CompositeTraits['normalizes']): boolean {
  return composites.get(op)?.traits.normalizes === what;
}

/** Tells whether a block is one normalization of its input, with its modulation. */
function isNormalization({ kind, ops, normalizes: isFirst }: Box): boolean {
  const count = [...ops].reduce((sum, [op, times]) => sum + (normalizes(op, 'activations') ? times : 0), 0);
  const isOfWeights = [...ops.keys()].some((op) => normalizes(op, 'weights'));
  return kind === 'block' && isFirst && count === 1 && !isOfWeights;
}

/** Tells whether two blocks differ only in their names. */
function areAlike(one: Box, other: Box): boolean {
  const key = ({ kind, parents, ops, shape, parameters }: Box): string =>
    JSON.stringify([kind, parents, [...ops], shape, parameters]);
  return one.kind === 'block' && key(one) === key(other);
}

/** Gives the boxes of a longest path along arrows; with cycles, as from a shared block, a long path. */
function longestPath(arrows: readonly Arrow[]): Box[] {
  const found = new Map<Box, readonly Box[]>();
  const pathTo = (box: Box): readonly Box[] => {
    const known = found.get(box);
    if (known) return known;
    found.set(box, []);
    const before = arrows.filter(({ to }) => to === box).map(({ from }) => pathTo(from));
    const longest = before.reduce((best, path) => (path.length > best.length ? path : best), []);
    found.set(box, [...longest, box]);
    return [...longest, box];
  };
  const all = [...new Set(arrows.map(({ to }) => to))].map(pathTo);
  return [...all.reduce((best, path) => (path.length > best.length ? path : best), [])];
}

/** Tells whether a node encodes ids as channels outside of any block. */
function isEncoding(node: NodeSpec): boolean {
  return isOf(oneHot, node) || isOf(concat, node);
}

function rootOf(ref: Ref): Ref {
  return ref.split('/')[0] ?? ref;
}

function shorten(text: string): string {
  return text.length <= 46 ? text : `${text.slice(0, 45)}…`;
}

function quote(text: string): string {
  return `"${visible(text).replace(/["\\]/g, '\\$&')}"`;
}
