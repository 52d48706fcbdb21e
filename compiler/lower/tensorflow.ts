/**
 * Lowers a program to one TensorFlow graph that holds every method. Variables are resources; a method's
 * reads see the values from before it, its writes come after those reads, and everything is fetched by tensor name.
 */
import { constant } from '../ops/primitive/sources.ts';
import { input, item, read } from '../ir/sources.ts';
import { is } from '../ir/op.ts';
import { must } from '../../dsl/errors.ts';
import type { DType, TensorType } from '../ir/types.ts';
import { orderedType, type AxisOrder } from '../ir/layout.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import type { Target } from '../ir/target.ts';
import { bytesOfResults, type Node } from '../ir/node.ts';
import type { TfAttr } from '../ir/emitter.ts';
import { inverseOrder } from '../ops/primitive/support.ts';
import { ownerOf, readsReplaced, updatedVariable, usersByOwner } from '../passes/memory.ts';
import type { TfConstant, TfNode } from './saved-model.ts';

/** Tensor names of one method: what to feed and what to fetch. */
export interface MethodBinding {
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
  /** Fetch it too, so that the writes happen; absent where a method writes nothing. */
  readonly done: string | undefined;
}

export interface TensorflowPlan {
  /** The graph; `encodeSavedModel` makes a file of it. */
  readonly nodes: readonly TfNode[];
  /** Which node of the program each of the graph's nodes is for, by name; those of variables are for none. */
  readonly origins: ReadonlyMap<string, Node>;
  readonly methods: ReadonlyMap<string, MethodBinding>;
  /** How each variable is set: feed `value`, fetch `done`; and the tensor that reads it. */
  readonly variables: ReadonlyMap<
    string,
    { readonly value: string; readonly done: string; readonly read: string }
  >;
}

/** Lowers a program whose methods are as they should run: ops come in the order of the graph. */
export function lowerToTensorflow(program: Program, target: Target): TensorflowPlan {
  const kept = [...(program.kept ?? [])].map(([name, type]) => ({ name, type }));
  const nodes: TfNode[] = [];
  const origins = new Map<string, Node>();
  const handles = new Map<string, string>();
  const variables = new Map<string, { value: string; done: string; read: string }>();
  [...program.variables, ...kept].forEach((variable, index) => {
    const name = `variable_${index}`;
    handles.set(variable.name, name);
    variables.set(
      variable.name,
      declareVariable(name, variable.type, program.layouts?.get(variable.name), nodes),
    );
  });
  const methods = new Map(
    program.methods.map((method) => [
      method.name,
      new MethodLowering(method, handles, nodes, target, origins).lower(),
    ]),
  );
  return { nodes, origins, methods, variables };
}

/** Declares a variable, with what sets and reads it; it is kept with its axes in `order`. */
function declareVariable(
  name: string,
  { dtype, shape }: TensorType,
  order: AxisOrder | undefined,
  nodes: TfNode[],
): { value: string; done: string; read: string } {
  const type: TfAttr = { type: dtype };
  const kept = order ? orderedType({ dtype, shape }, order).shape : shape;
  const add = (part: string, op: string, inputs: readonly string[], attrs: TfNode['attrs']): string => {
    nodes.push({ name: `${name}/${part}`, op, inputs, attrs });
    return `${name}/${part}`;
  };
  const turned = (part: string, tensor: string, by: AxisOrder): string => {
    const value: TfConstant = { constant: { dtype: 'i32', shape: [by.length], values: by } };
    const permutation = add(`${part}_order`, 'Const', [], { dtype: { type: 'i32' }, value });
    return add(`${part}_turned`, 'Transpose', [tensor, permutation], { T: type, Tperm: { type: 'i32' } });
  };
  nodes.push({
    name,
    op: 'VarHandleOp',
    inputs: [],
    attrs: { dtype: type, shape: { shape: kept }, container: { string: '' }, shared_name: { string: name } },
  });
  const value = add('value', 'Placeholder', [], { dtype: type, shape: { shape } });
  const assigned = add('assign', 'AssignVariableOp', [name, order ? turned('value', value, order) : value], {
    dtype: type,
    validate_shape: { bool: false },
  });
  const done = `${name}/done`;
  nodes.push(doneNode(done, `${name}/true`, [assigned], nodes));
  const read = add('read', 'ReadVariableOp', [name], { dtype: type });
  return { value, done, read: order ? turned('read', read, inverseOrder(order)) : read };
}

/** Makes a fetchable node that is there once `after` have run. */
function doneNode(name: string, constant: string, after: readonly string[], nodes: TfNode[]): TfNode {
  const value: TfConstant = { constant: { dtype: 'bool', shape: [], values: [1] } };
  nodes.push({ name: constant, op: 'Const', inputs: [], attrs: { dtype: { type: 'bool' }, value } });
  return {
    name,
    op: 'Identity',
    inputs: [constant, ...after.map((node) => `^${node}`)],
    attrs: { T: { type: 'bool' } },
  };
}

/**
 * Tells whether a node waits for the one before it. TensorFlow starts whatever it can, all tables of all layers at once for
 * example, and then holds all results until they are used; in the order of the graph they are made when they are needed.
 */
function takesTurns(node: Node, { memory: { bytesInTurn, rowsOfTable } }: Target): boolean {
  const makesValues = !node.op.traits.isView && !is(constant, node);
  return makesValues && bytesOfResults(node, rowsOfTable) >= bytesInTurn;
}

/** Names the op that gives a tensor: that of its second result is `name:1`. */
const operationOf = (tensor: string): string => tensor.split(':')[0]!;

class MethodLowering {
  private count = 0;
  private readonly tensors = new Map<Node, readonly string[]>();
  private readonly constants = new Map<string, string>();
  private readonly sharedNodes = new Map<string, string>();
  /** Read nodes by variable, for ordering writes after them. */
  private readonly reads = new Map<string, string>();
  private readonly updates: string[] = [];
  private readonly ordered: readonly Node[];
  private readonly users: ReadonlyMap<Node, readonly Node[]>;
  private readonly inPlace = new Set<string>();
  /** What the ops emitted now have to wait for, and the last op of those that run in turn. */
  private before: string | undefined;
  private lastInTurn: string | undefined;

  constructor(
    private readonly method: Method,
    private readonly handles: ReadonlyMap<string, string>,
    private readonly nodes: TfNode[],
    private readonly target: Target,
    private readonly origins: Map<string, Node>,
  ) {
    this.ordered = nodesOf(method);
    this.users = usersByOwner(this.ordered);
  }

  lower(): MethodBinding {
    const inputs = new Map<string, string>();
    for (const node of this.ordered)
      this.tensors.set(
        node,
        this.madeFor(node, () => this.lowerNode(node, inputs)),
      );
    for (const [variable, value] of this.method.writes)
      if (!this.inPlace.has(variable)) this.madeFor(value, () => this.write(variable, value));
    const outputs = new Map<string, string>();
    for (const [name, value] of this.method.outputs) {
      const type = must(value.results[0], 'an output has a type').dtype;
      outputs.set(name, this.add('Identity', [this.tensor(value)], { T: { type } }));
    }
    const done = this.updates.length > 0 ? `${this.method.name}/done` : undefined;
    if (done) this.nodes.push(doneNode(done, `${this.method.name}/true`, this.updates, this.nodes));
    return { inputs, outputs, done };
  }

  /** Remembers what the nodes that are added meanwhile are for. */
  private madeFor<T>(node: Node, add: () => T): T {
    const before = this.nodes.length;
    const result = add();
    for (const { name } of this.nodes.slice(before)) this.origins.set(name, node);
    return result;
  }

  private tensor(node: Node): string {
    return must(this.tensors.get(node)?.[0], `%${node.id} (${node.op.name}) is lowered before its users`);
  }

  private add(
    op: string,
    inputs: readonly string[],
    attrs: Readonly<Record<string, TfAttr | TfConstant>>,
  ): string {
    const name = `${this.method.name}/${op}_${this.count++}`;
    const after = op === 'Const' || this.before === undefined ? [] : [`^${this.before}`];
    this.nodes.push({ name, op, inputs: [...inputs, ...after], attrs });
    return name;
  }

  private constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): string {
    const key = `${dtype}[${shape}]${Array.from(values).join()}`;
    const known = this.constants.get(key);
    if (known) return known;
    const name = this.add('Const', [], {
      dtype: { type: dtype },
      value: { constant: { dtype, shape, values } },
    });
    this.constants.set(key, name);
    return name;
  }

  private shared(
    op: string,
    inputs: readonly string[],
    attrs: Readonly<Record<string, TfAttr | TfConstant>>,
  ): string {
    const key = `${op} ${inputs.join()} ${JSON.stringify(attrs)}`;
    const known = this.sharedNodes.get(key);
    if (known) return known;
    const name = this.add(op, inputs, attrs);
    this.sharedNodes.set(key, name);
    return name;
  }

  private lowerNode(node: Node, inputs: Map<string, string>): readonly string[] {
    if (is(item, node)) {
      const results = must(this.tensors.get(node.operands[0]), 'the node of an item is lowered before it');
      return [must(results[node.attrs.index], 'an item is a result of its node')];
    }
    if (is(input, node)) {
      const { name, dtype, shape } = node.attrs;
      const tensor = this.add('Placeholder', [], { dtype: { type: dtype }, shape: { shape } });
      inputs.set(name, tensor);
      return [tensor];
    }
    if (is(read, node)) {
      const { name, dtype } = node.attrs;
      const handle = must(this.handles.get(name), `variable ${name} is declared`);
      const tensor = this.add('ReadVariableOp', [handle], { dtype: { type: dtype } });
      this.reads.set(name, tensor);
      return [tensor];
    }
    const isInTurn = takesTurns(node, this.target);
    if (isInTurn) this.before = this.lastInTurn;
    const operands = node.operands.map((operand) => this.tensor(operand));
    const emitted = node.op.tensorflow(operands, {
      node,
      target: this.target,
      emit: {
        op: (op, operands, attrs = {}) => this.add(op, operands, attrs),
        constant: (dtype, shape, values) => this.constant(dtype, shape, values),
        shared: (op, operands, attrs) => this.shared(op, operands, attrs),
      },
      resource: (index) => {
        const variable = updatedVariable(this.method, node, index);
        return variable && this.handles.get(variable);
      },
      update: (op, operands, attrs) => this.update(node, op, operands, attrs),
      readUpdated: (index) => {
        const variable = must(updatedVariable(this.method, node, index), 'an updated operand is a variable');
        const last = must(this.updates[this.updates.length - 1], 'an update comes before its result is read');
        const dtype = must(node.operands[index]?.results[0], 'an operand has a type').dtype;
        const handle = must(this.handles.get(variable), `variable ${variable} is declared`);
        return this.add('ReadVariableOp', [handle, `^${last}`], { dtype: { type: dtype } });
      },
    });
    const tensors = typeof emitted === 'string' ? [emitted] : emitted;
    this.before = undefined;
    if (isInTurn) this.lastInTurn = operationOf(must(tensors[0], 'an op has a result'));
    return tensors;
  }

  private update(
    node: Node,
    op: string,
    operands: readonly string[],
    attrs: Readonly<Record<string, TfAttr>>,
  ): string {
    const replaced = readsReplaced(this.method, node);
    // While anybody holds the memory of a variable, TensorFlow would copy it to change it.
    const holders = replaced.flatMap((read) => [read, ...(this.users.get(ownerOf(read)) ?? [])]);
    const after = new Set(holders.flatMap((holder) => this.tensors.get(holder) ?? []).map(operationOf));
    const name = this.add(op, [...operands, ...[...after].map((other) => `^${other}`)], attrs);
    this.updates.push(name);
    for (const read of replaced) this.inPlace.add(String(read.attrs['name']));
    return name;
  }

  private write(variable: string, value: Node): void {
    const handle = must(this.handles.get(variable), `variable ${variable} is declared`);
    const read = this.reads.get(variable);
    const inputs = [handle, this.tensor(value), ...(read ? [`^${read}`] : [])];
    const dtype = must(value.results[0], 'a write has a type').dtype;
    this.updates.push(
      this.add('AssignVariableOp', inputs, { dtype: { type: dtype }, validate_shape: { bool: false } }),
    );
  }
}
