/** Computes the costs of a spec: a table of blocks for each network, and for an experiment its training step. */
import { must } from '../../dsl/errors.ts';
import { bindSymbols } from '../ops/bind.ts';
import { reachable, shapeOf, type Node } from '../ir/node.ts';
import { type Method, type Program, nodesOf } from '../ir/program.ts';
import type { Target } from '../ir/target.ts';
import { bytesOf, sizeOf } from '../ir/types.ts';
import { optimize } from '../index.ts';
import { scratchEnvironment, scratchInputs } from '../check/rules/scratch.ts';
import { instantiateNodes, leavesOf, readTree, type Tree } from '../build/instantiate.ts';
import type { InputSpec, NetworkSpec, Ref, Spec } from '../format/types.ts';
import { belongsToUpdate, partsOfStep, stepMethods } from '../build/step.ts';
import { rowsOfLevel } from '../passes/deduplicate-patches/inputs.ts';
import type { LevelChoice } from '../passes/deduplicate-patches/choose.ts';
import { bytesMade, peakBytes } from './liveness.ts';

export interface ExplainedStep {
  /** The step computed per pixel, and as it is trained. */
  readonly before: Program;
  readonly after: Program;
  readonly batch: number;
  /**
   * The decisions about patch tables; empty if there was nothing to decide, undefined if no label maps were available.
   */
  readonly levels: readonly LevelChoice[] | undefined;
  /** The target of the compiled step. */
  readonly target: Target;
}

export interface ExplainOptions {
  /**
   * The step before and after optimization, compiled for one part if the batch is taken in parts; without it only the
   * networks are explained.
   */
  readonly step?: ExplainedStep | undefined;
  /** The time of each phase of compilation, measured by the caller. */
  readonly times?: readonly PhaseTime[] | undefined;
}

export interface PhaseTime {
  readonly phase: string;
  readonly milliseconds: number;
}

/** The ops and costs of a block or network, for one picture. */
export interface BlockCost {
  /** The last part of its path: `norm_0` of `up_0.norm_0`. */
  readonly name: string;
  /** How often each op of the spec occurs in it. */
  readonly ops: ReadonlyMap<string, number>;
  /** The shape of its result without the batch; undefined if it has several results. */
  readonly shape: readonly number[] | undefined;
  readonly parameters: number;
  /** Floating-point operations of a forward pass. */
  readonly flops: number;
  /** Bytes of all values computed in a forward pass. */
  readonly activationBytes: number;
  readonly blocks: readonly BlockCost[];
}

export interface NetworkExplanation {
  readonly name: string;
  readonly definition: string;
  readonly doc: string | undefined;
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly note: string;
  }[];
  readonly total: BlockCost;
  /** The number of values in state variables, which training updates without gradients. */
  readonly state: number;
}

export interface StepExplanation {
  readonly batch: number;
  readonly nodesBefore: number;
  readonly nodesAfter: number;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
  /** FLOP of the same step computed per pixel. */
  readonly denseFlops: number;
  /** Bytes of parameters and states. */
  readonly variableBytes: number;
  /** Bytes that training keeps beside the weights: optimizer slots, averages, sums of gradients. */
  readonly slotBytes: number;
  /** The peak bytes of computed values alive at one time, in execution order and with pointwise ops fused. */
  readonly peakActivationBytes: number;
  /** All of these bytes, and the overhead of the engine's allocator. */
  readonly memoryBytes: number;
  readonly levels: readonly LevelChoice[] | undefined;
}

export interface Explanation {
  readonly name: string;
  readonly networks: readonly NetworkExplanation[];
  readonly step: StepExplanation | undefined;
  readonly times: readonly PhaseTime[];
}

/** Explains a checked spec. */
export function explain(spec: Spec, options: ExplainOptions = {}): Explanation {
  return {
    name: spec.name,
    networks: spec.networks.map((network) => explainNetwork(network, spec.networks)),
    step: options.step && explainStep(spec, options.step),
    times: options.times ?? [],
  };
}

/** The costs of a block while they are summed. */
interface OpenBlock {
  readonly name: string;
  readonly ops: Map<string, number>;
  shape: readonly number[] | undefined;
  parameters: number;
  flops: number;
  activationBytes: number;
  readonly blocks: Map<string, OpenBlock>;
}

function explainNetwork(network: NetworkSpec, networks: readonly NetworkSpec[]): NetworkExplanation {
  const environment = { ...scratchEnvironment(networks), batch: 1, training: false };
  const values = new Map<Ref, Tree>(scratchInputs(environment, network.inputs));
  const root = open(network.name);
  for (const node of network.nodes) {
    instantiateNodes(environment, [node], values, network.name);
    const value = values.get(node.id);
    for (const block of path(root, node.scope)) {
      block.ops.set(node.op, (block.ops.get(node.op) ?? 0) + 1);
      block.shape = value && isNode(value) ? shapeOf(value).slice(1) : undefined;
    }
  }
  const outputs = readTree(network.outputs, values, environment, network.name);
  for (const node of reachable(leavesOf(outputs))) {
    const scope = node.origin?.scope.slice(network.name.length + 1);
    for (const block of path(root, scope)) {
      block.flops += flopsOf(node);
      block.activationBytes += bytesMade(node);
    }
  }
  const parameters = network.variables.filter((variable) => variable.role === 'parameter');
  for (const variable of parameters)
    for (const block of path(root, variable.name.split('.').slice(0, -1).join('.')))
      block.parameters += sizeOf(variable.shape);
  root.shape = isNode(outputs) ? shapeOf(outputs).slice(1) : undefined;
  const states = network.variables.filter((variable) => variable.role === 'state');
  return {
    name: network.name,
    definition: network.definition,
    doc: network.doc,
    inputs: network.inputs.map((input) =>
      input.kind === 'labels'
        ? {
            name: input.name,
            shape: [input.height, input.width],
            note: `${input.classes} classes${input.edges ? ' and instance edges' : ''}`,
          }
        : { name: input.name, shape: input.shape, note: noteOn(input) },
    ),
    total: close(root),
    state: states.reduce((sum, variable) => sum + sizeOf(variable.shape), 0),
  };
}

function noteOn(input: Exclude<InputSpec, { kind: 'labels' }>): string {
  if (input.kind === 'encoded') return `code of ${input.encoder}`;
  return input.kind === 'noise' ? 'noise' : '';
}

function open(name: string): OpenBlock {
  return {
    name,
    ops: new Map(),
    shape: undefined,
    parameters: 0,
    flops: 0,
    activationBytes: 0,
    blocks: new Map(),
  };
}

/** Gives the blocks on the path to a scope, starting with the network; creates missing ones. */
function path(root: OpenBlock, scope: string | undefined): OpenBlock[] {
  const found = [root];
  for (const name of scope ? scope.split('.') : []) {
    const { blocks } = must(found.at(-1), 'the tree of layers has a root');
    const next = blocks.get(name) ?? open(name);
    blocks.set(name, next);
    found.push(next);
  }
  return found;
}

function close(block: OpenBlock): BlockCost {
  return { ...block, blocks: [...block.blocks.values()].map(close) };
}

/** Explains a training step; undefined if the programs lack its methods. */
export function explainStep(
  spec: Spec,
  { before, after, batch, levels, target }: ExplainedStep,
): StepExplanation | undefined {
  const calls = stepMethods(spec);
  const [first, last] = [before, after].map((program) =>
    calls.flatMap(({ name }) => {
      const method = program.methods.find((one) => one.name === name);
      return method ? bindSymbols(method, rowsIn(program, levels ?? [])) : [];
    }),
  );
  if (first?.length !== calls.length || last?.length !== calls.length) return undefined;
  const total = (one: (method: Method) => number, methods = last): number =>
    methods.reduce(
      (sum, method, index) => sum + (calls[index]?.perPart ? partsOfStep(spec) : 1) * one(method),
      0,
    );
  const nodes = (methods: readonly Method[]): number =>
    methods.reduce((sum, method) => sum + nodesOf(method).length, 0);
  const flops = (all: readonly Node[]): number => all.reduce((sum, node) => sum + flopsOf(node), 0);
  const forward = total((method) => flops(forwardNodes(method)));
  const whole = (method: Method): number => flops(nodesOf(method));
  return {
    batch,
    nodesBefore: nodes(first),
    nodesAfter: nodes(last),
    forwardFlops: forward,
    backwardFlops: total(whole) - forward,
    denseFlops: total(whole, first),
    ...memoryOf(after, last, target),
    levels,
  };
}

/** The bytes that a training step needs. */
export type StepMemory = Pick<
  StepExplanation,
  'variableBytes' | 'slotBytes' | 'peakActivationBytes' | 'memoryBytes'
>;

/** Estimates the memory of a compiled step, whose tables have at most the rows given in `levels`. */
export function memoryOfStep(
  spec: Spec,
  program: Program,
  levels: readonly LevelChoice[],
  target: Target,
): StepMemory {
  const names = new Set(stepMethods(spec).map(({ name }) => name));
  const methods = program.methods.filter(({ name }) => names.has(name));
  const rows = rowsIn(program, levels);
  return memoryOf(
    program,
    methods.map((method) => bindSymbols(method, rows)),
    target,
  );
}

function memoryOf(program: Program, methods: readonly Method[], target: Target): StepMemory {
  const bytes = (isBeside: boolean): number =>
    program.variables
      .filter(({ role }) => (role !== 'parameter' && role !== 'state') === isBeside)
      .reduce((sum, { type }) => sum + sizeOf(type.shape) * bytesOf[type.dtype], 0);
  const [variableBytes, slotBytes] = [bytes(false), bytes(true)];
  const { methods: asRun } = optimize({ ...program, methods }, { target });
  const peakActivationBytes = Math.max(...asRun.map((method) => peakBytes(method)));
  const memoryBytes = variableBytes + slotBytes + (1 + target.memory.allocatorShare) * peakActivationBytes;
  return { variableBytes, slotBytes, peakActivationBytes, memoryBytes };
}

/** Gives the number of rows for a program's symbols: the maximum counted, as memory must hold the largest maps. */
function rowsIn({ patches }: Program, levels: readonly LevelChoice[]): (symbol: number) => number {
  const rows = new Map(
    patches?.keys.map((key, level) => {
      const counted = must(
        levels.find((one) => one.key === key),
        `the patches of ${key} were counted`,
      );
      return [rowsOfLevel(level), counted.mostRows];
    }),
  );
  return (symbol) => must(rows.get(symbol), 'each table is of a level that was chosen');
}

/** Lists the nodes that compute the losses; it does not follow updates between one loss and the next. */
function forwardNodes(step: Method): Node[] {
  const seen = new Set<Node>();
  const stack = [...step.outputs.values()];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node) || belongsToUpdate(node)) continue;
    seen.add(node);
    stack.push(...node.operands);
  }
  return [...seen];
}

function flopsOf(node: Node): number {
  return node.op.flops(node);
}

function isNode(tree: Tree): tree is Node {
  return !Array.isArray(tree);
}
