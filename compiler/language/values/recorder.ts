/**
 * Records spec nodes while a network or loss is evaluated. Each node is also expanded at once in a scratch graph, so
 * that its shape is known and mistakes are found where they are made; shape rules exist only in the ops.
 */
import type { Span } from '../../../dsl/source.ts';
import { GraphBuilder } from '../../ops/builder.ts';
import { OpError, shapeOf, typeOf, type Node } from '../../ir/node.ts';
import type { Initializer } from '../../ir/variables.ts';
import { f32, i32, type TensorType } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import {
  applyNetwork,
  expansionIn,
  scratchBatch,
  typesOfCall,
  typesOfInput,
  variableName,
  type Environment,
  type Tree,
} from '../../build/instantiate.ts';
import type { Composite } from '../../ops/composite/index.ts';
import { oneHot } from '../../ops/composite/pointwise.ts';
import { concat } from '../../ops/composite/structure.ts';
import {
  randomStateInput,
  type InputSpec,
  type NetworkSpec,
  type NodeSpec,
  type Place,
  type Ref,
  type RefTree,
  type SpecAttr,
  type VariableSpec,
} from '../../format/types.ts';
import type { Budget } from './budget.ts';
import { type LabelsValue, type TensorValue, type Value, listOf } from './values.ts';

export class Recorder {
  readonly b = new GraphBuilder();
  readonly nodes: NodeSpec[] = [];
  readonly inputs: InputSpec[] = [];
  readonly variables = new Map<string, VariableSpec>();
  /** The path of the current block instance. */
  scope: readonly string[] = [];
  private readonly oneHots = new Map<LabelsValue, TensorValue>();
  private readonly encoded = new Map<LabelsValue, TensorValue>();
  private streams = 0;
  private count = -1;

  constructor(
    /** The network's name, or a name for the loss. */
    readonly owner: string,
    private readonly networks: ReadonlyMap<string, NetworkSpec>,
    private readonly placeOf: (span: Span | undefined) => Place | undefined,
    private readonly budget: Budget,
  ) {}

  tensorInput(ref: Ref, type: TensorType): TensorValue {
    return { kind: 'tensor', ref, node: this.b.input({ name: ref, ...type }), batched: true };
  }

  /** The value of an input from the data: a label map as ids and edges, pictures and noise as tensors. */
  input(input: InputSpec): Value {
    this.inputs.push(input);
    return this.bindInput(input);
  }

  /** The value of an input that is already declared. */
  bindInput(input: InputSpec): Value {
    if (input.kind !== 'labels') return this.tensorInput(input.name, f32(scratchBatch, ...input.shape));
    const [ids, edges, instances] = typesOfInput(input, scratchBatch).map(([name, type]) =>
      this.tensorInput(name, type),
    );
    return {
      kind: 'labels',
      ids: must(ids, 'a label map lists its ids first'),
      edges,
      instances,
      classes: input.classes,
    };
  }

  /** The environment in which networks and ops are expanded: the scratch graph, with the variables of `network`. */
  private environment(batch: number, network?: NetworkSpec): Environment {
    const variables = (network?.variables ?? []).map((variable) => {
      const name = variableName(
        must(network, 'a network that is recorded has a list of variables').name,
        variable.name,
      );
      return [name, this.b.read({ name, ...f32(...variable.shape) })] as const;
    });
    return {
      b: this.b,
      training: true,
      batch,
      networks: this.networks,
      variables: new Map(variables),
      stream: () => ++this.streams,
      randomState: () => this.b.input({ name: randomStateInput, ...i32(2) }),
      spanOf: () => undefined,
    };
  }

  /** Records a composite; throws an `OpError` if the shapes do not fit. */
  op(
    op: Composite,
    inputs: readonly TensorValue[],
    attrs: Readonly<Record<string, SpecAttr>>,
    span: Span | undefined,
  ): TensorValue {
    const { name } = op;
    op.state.forEach((index) => {
      const ref = inputs[index]?.ref ?? '';
      if (this.variables.get(ref.slice(1))?.role !== 'state')
        throw new OpError(
          name,
          `${op.inputs[index]} is made by state(...)`,
          ref.startsWith('@') ? 'a parameter' : 'a computed value',
        );
    });
    const before = this.b.asked;
    const expansion = expansionIn(this.environment(scratchBatch), (index, value) =>
      this.checkUpdate(name, must(inputs[index], 'an update names an input that it changes'), value),
    );
    const node = op.expand(
      expansion,
      inputs.map((input) => input.node),
      attrs,
    );
    this.budget.spend('nodes', 1 + this.b.asked - before);
    const ref = this.write(
      name,
      inputs.map((input) => input.ref),
      attrs,
      span,
    );
    const given = inputs.map((input) => input.batched);
    // Scalars (means, constants) have no batch axis.
    const batched = shapeOf(node).length > 0 && op.isBatched(given, attrs);
    return { kind: 'tensor', ref, node, batched };
  }

  private checkUpdate(op: string, variable: TensorValue, value: Node): void {
    const [have, want] = [shapeOf(variable.node), shapeOf(value)];
    if (String(have) !== String(want)) throw new OpError(op, `its state has shape [${want}]`, `[${have}]`);
  }

  /** Records a call of a network; `inputs` are all its inputs, or all but noise. */
  call(network: NetworkSpec, inputs: readonly TensorValue[], span: Span | undefined): Value {
    this.budget.spend('nodes', network.nodes.length);
    const batch = inputs[0]
      ? must(shapeOf(inputs[0].node)[0], 'an input of a network has a batch axis')
      : scratchBatch;
    const bound = new Map(
      typesOfCall(network, inputs.length, batch).map(([name], index) => [
        name,
        must(inputs[index], `a call has the input ${name}`).node,
      ]),
    );
    const before = this.b.asked;
    const tree = applyNetwork(this.environment(batch, network), network, bound);
    this.budget.spend('nodes', this.b.asked - before);
    const ref = this.write(
      'call',
      inputs.map((input) => input.ref),
      { network: network.name },
      span,
    );
    return toValue(tree, ref);
  }

  /** Gives the next free node id; ids of inputs are skipped. */
  private freeId(): Ref {
    do this.count++;
    while (this.inputs.some((input) => input.name === `n${this.count}`));
    return `n${this.count}`;
  }

  private write(
    op: string,
    inputs: readonly Ref[],
    attrs: Readonly<Record<string, SpecAttr>>,
    span: Span | undefined,
  ): Ref {
    const id = this.freeId();
    const scope = this.scope.join('.');
    this.budget.spend('characters', scope.length);
    const at = this.placeOf(span);
    this.nodes.push({
      id,
      op,
      inputs,
      ...(Object.keys(attrs).length > 0 && { attrs }),
      ...(this.scope.length > 0 && { scope }),
      ...(at && { at }),
    });
    return id;
  }

  /** Declares a variable by its path, or finds that of a shared instance; undefined if the name is taken. */
  variable(
    path: string,
    role: VariableSpec['role'],
    shape: readonly number[],
    initializer: Initializer,
    shared: boolean,
    stored?: VariableSpec['stored'],
  ): TensorValue | undefined {
    this.budget.spend('characters', path.length);
    const known = this.variables.get(path);
    if (known && (!shared || String(known.shape) !== String(shape))) return undefined;
    if (!known) this.variables.set(path, { name: path, role, shape, initializer, ...(stored && { stored }) });
    return {
      kind: 'tensor',
      ref: `@${path}`,
      node: this.b.read({ name: `${this.owner}.${path}`, ...f32(...shape) }),
      batched: false,
    };
  }

  /** Turns a label map into one channel per class; records this node once. */
  oneHot(labels: LabelsValue): TensorValue {
    return this.once(this.oneHots, labels, () =>
      this.op(oneHot, [labels.ids], { depth: labels.classes }, undefined),
    );
  }

  /** Turns a label map into channels, one per class and one for edges; records these nodes once. */
  encode(labels: LabelsValue): TensorValue {
    return this.once(this.encoded, labels, () => {
      const channels = this.oneHot(labels);
      return labels.edges ? this.op(concat, [channels, labels.edges], {}, undefined) : channels;
    });
  }

  /** Records a node derived from a label map at its first use, outside of the current block's scope. */
  private once(
    known: Map<LabelsValue, TensorValue>,
    labels: LabelsValue,
    make: () => TensorValue,
  ): TensorValue {
    const outer = this.scope;
    this.scope = [];
    const result = known.get(labels) ?? make();
    this.scope = outer;
    known.set(labels, result);
    return result;
  }
}

function toValue(tree: Tree, ref: Ref): Value {
  return Array.isArray(tree)
    ? listOf((tree as readonly Tree[]).map((part, index) => toValue(part, `${ref}/${index}`)))
    : { kind: 'tensor', ref, node: tree as Node, batched: shapeOf(tree as Node).length > 0 };
}

/** Reads the references of a network's result; undefined if it holds anything but tensors. */
export function toRefTree(value: Value): RefTree | undefined {
  if (value.kind === 'tensor') return typeOf(value.node).dtype === 'f32' ? value.ref : undefined;
  if (value.kind !== 'list' || value.items.length === 0) return undefined;
  const parts = value.items.map(toRefTree);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}
