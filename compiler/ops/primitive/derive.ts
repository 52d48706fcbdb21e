/**
 * Derives ops from other ops: the entry says what the op is as a graph of these, and what it leaves out follows from that graph. What
 * it does not leave out is a faster form of the same, or a better one where rounding or cost matters.
 *
 *     export const square = deriveOp({ name: 'square', operands: ['x'], of: [mul], expand: ({ x }, b): Node => b.mul(x, x), … });
 */
import { must, SpadeworkError } from '../../../dsl/errors.ts';
import type { RefTensor } from '../../ir/emitter.ts';
import { builderOf } from '../../ir/methods.ts';
import {
  OpError,
  printAttrs,
  reachable,
  shapeOf,
  typeOf,
  type AttrRules,
  type Attrs,
  type Builder,
  type Check,
  type Cotangents,
  type Differentiation,
  type ExpandedOp,
  type Node,
  type Op,
  type TfContext,
} from '../../ir/node.ts';
import {
  defineNumbered,
  is,
  numbering,
  sharedConstraint,
  type Entry,
  type NoAttrs,
  type OpOf,
  type Rules,
  type Values,
} from '../../ir/op.ts';
import { cotangents } from '../../ir/reverse.ts';
import { input, item } from '../../ir/sources.ts';
import { formatType, type TensorType } from '../../ir/types.ts';
import { constant } from './sources.ts';

/** The entry of a derived op; each rule that it leaves out follows from `expand`. */
export interface DerivedRules<O extends readonly string[], A extends AttrRules> extends Entry<O, A> {
  /** The ops that it is made of, beside constants: core ops, or ops that were derived before. */
  readonly of: readonly Op[];
  /** Writes the op in these. The type of the result is stated, since ops name each other. */
  readonly expand: (nodes: Values<O, A, Node>, b: Builder) => Node | readonly Node[];
  /** What must hold before it is expanded: where the reason would be told in words of other ops. */
  readonly requires?: (types: Values<O, A, TensorType>, check: Check) => void;
  /** The types, where they are plain: expanding on types takes longer than any other rule. */
  readonly infer?: Rules<O, A>['infer'];
  readonly vjp?: Rules<O, A>['vjp'];
  readonly reference?: Rules<O, A>['reference'];
  /** May fall back on the expansion. */
  readonly tensorflow?: (
    inputs: Values<O, A, string>,
    context: TfContext,
    expanded: () => readonly string[],
  ) => string | readonly string[];
  readonly tfjs?: Rules<O, A>['tfjs'];
  readonly flops?: Rules<O, A>['flops'];
}

/** Defines an op that is made of others. */
export function deriveOp<const O extends readonly string[], const A extends AttrRules = NoAttrs>(
  rules: DerivedRules<O, A>,
): OpOf<O, A> {
  const { of, expand, requires, infer, vjp, reference, tensorflow, tfjs, flops, locality, ...entry } = rules;
  const { operands } = entry;
  const by = numbering<O, A>(operands);
  const Scratch = builderOf([...new Set([input, constant, ...of])], constant);

  const expandIn = (b: Builder, nodes: readonly Node[], attrs: Attrs): readonly Node[] => {
    const results = expand(by.named(nodes, attrs), b);
    return isList(results) ? results : [results];
  };
  const expansionOn = (types: readonly TensorType[], attrs: Attrs): ExpandedOp => {
    const b = new Scratch();
    const inputs = types.map((type, index) => b.input({ name: `operand ${index}`, ...type }));
    return { inputs, results: expandIn(b, inputs, attrs) };
  };
  const known = new WeakMap<Node, ExpandedOp>();
  const expansionOf = (node: Node): ExpandedOp => {
    const expansion = known.get(node) ?? expansionOn(node.operands.map(typeOf), node.attrs);
    known.set(node, expansion);
    return expansion;
  };
  const inferred = remembering<TensorType>();

  const numbered: Entry<O, A> = {
    ...entry,
    locality: locality ?? ((node, walk) => walk.through(expansionOf(node), node.operands)),
  };
  const op = defineNumbered<O, A>(numbered, {
    infer: (types, attrs, check) => {
      if (requires || infer) {
        const named = by.named(types, attrs);
        requires?.(named, check);
        if (infer) return infer(named, check);
      }
      return inferred(`${types.map(formatType).join()} ${printAttrs(attrs)}`, () =>
        typesOf(() => expansionOn(types, attrs), check),
      );
    },
    vjp: vjp ? by.vjp(vjp) : (context) => differentiate(context, expandIn),
    reference: reference
      ? by.reference(reference)
      : (inputs, node) =>
          evaluateExpansion<RefTensor>(expansionOf(node), inputs, (each, values) =>
            each.op.reference(values, each),
          ),
    tensorflow: (inputs, context) => {
      const expanded = (): readonly string[] =>
        evaluateExpansion<string>(expansionOf(context.node), inputs, (each, values) =>
          each.op.tensorflow(values, { ...context, node: each, resource: () => undefined }),
        );
      return tensorflow ? tensorflow(by.named(inputs, context.node.attrs), context, expanded) : expanded();
    },
    tfjs: tfjs
      ? by.tfjs(tfjs)
      : (inputs, { tf, node }) =>
          evaluateExpansion(expansionOf(node), inputs, (each, values) =>
            each.op.tfjs(values, { tf, node: each }),
          ).map((result) => (inputs.includes(result) ? tf.clone(result) : result)),
    flops: flops
      ? by.flops(flops)
      : (node) =>
          reachable(expansionOf(node).results).reduce((total, each) => total + each.op.flops(each), 0),
  });
  return { ...op, expand: expandIn };
}

/** How many results of inference an op remembers. */
const mostRemembered = 1024;

/** Looks up what was made for a key before it is made: networks use an op on the same types many times. Failures are not remembered. */
function remembering<T>(): (key: string, make: () => readonly T[]) => readonly T[] {
  const known = new Map<string, readonly T[]>();
  return (key, make) => {
    const found = known.get(key) ?? make();
    if (known.size >= mostRemembered) known.clear();
    if (found.length > 0) known.set(key, found);
    return found;
  };
}

const isList = <T>(found: T | readonly T[]): found is readonly T[] => Array.isArray(found);

const isWellTyped = 'what it is made of is well-typed on the operands';

/** Infers the types of what an op expands to, which has to be well-typed. */
function typesOf(expansion: () => ExpandedOp, check: Check): TensorType[] {
  try {
    return expansion().results.map(typeOf);
  } catch (error) {
    if (!(error instanceof OpError || error instanceof SpadeworkError)) throw error;
    const isOwn = error instanceof OpError && [sharedConstraint, isWellTyped].includes(error.constraint);
    if (isOwn) check(false, error.constraint, error.found);
    else check(false, isWellTyped, error.message);
    return [];
  }
}

/** Evaluates a graph on `inputs`, with a rule of each op. */
function evaluateExpansion<T>(
  graph: ExpandedOp,
  inputs: readonly T[],
  rule: (node: Node, inputs: readonly T[]) => T | readonly T[],
): T[] {
  const values = new Map<Node, readonly T[]>(
    graph.inputs.map((node, index) => [node, inputs.slice(index, index + 1)]),
  );
  const all = (node: Node): readonly T[] => must(values.get(node), 'operands come before their users');
  const first = (node: Node): T => must(all(node)[0], 'a node has a result');
  for (const node of reachable(graph.results)) {
    if (values.has(node)) continue;
    if (is(item, node)) {
      const result = all(node.operands[0])[node.attrs.index];
      values.set(node, [must(result, 'an item is a result of its node')]);
      continue;
    }
    const found = rule(node, node.operands.map(first));
    values.set(node, isList(found) ? found : [found]);
  }
  return graph.results.map(first);
}

/** The cotangents of an op's operands: those of its expansion, which becomes a part of the graph. */
function differentiate(
  { b, node, dys }: Differentiation,
  expandIn: (b: Builder, nodes: readonly Node[], attrs: Attrs) => readonly Node[],
): Cotangents {
  const { operands, attrs } = node;
  const results = expandIn(b, operands, attrs);
  const leaves = new Set(operands);
  const met = new Set(reachable(results, leaves));
  const seeds = results.flatMap((result, index) => {
    const dy = dys[index];
    return dy ? [[result, dy] as const] : [];
  });
  // The whole derivative by a node that is given twice is that of its first place.
  return operands.map((operand, index) =>
    operands.indexOf(operand) === index && met.has(operand) && typeOf(operand).dtype === 'f32'
      ? () => cotangents(b, seeds, [operand], leaves)[0] ?? b.constant({ value: 0, shape: shapeOf(operand) })
      : undefined,
  );
}
