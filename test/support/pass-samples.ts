/**
 * Reads and runs samples of passes: `test/samples/passes/<pass>/<case>/` has `before.ir` and `after.ir`, and
 * `options.json` if the pass needs more: trained weights, changes of the target, the use of tables, the method to
 * split.
 */
import { is } from '../../compiler/ir/op.ts';
import { read } from '../../compiler/ir/sources.ts';
import { must } from '../../dsl/errors.ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { passes } from '../../compiler/index.ts';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { type Builder, typeOf, type Node } from '../../compiler/ir/node.ts';
import { bindSymbols } from '../../compiler/ops/bind.ts';
import { parseMethods } from '../../compiler/ops/parse.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { inputsOf, nodesOf, type Method, type Program } from '../../compiler/ir/program.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { Target } from '../../compiler/ir/target.ts';
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { inverseOrder } from '../../compiler/ops/primitive/support.ts';
import { partOfInput, patchValues, rowsOfLevel } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import { LevelPlanner } from '../../compiler/passes/deduplicate-patches/levels.ts';
import type { ForwardPass, MethodPass, Pass, ProgramPass } from '../../compiler/passes/pass.ts';
import { ForwardPipeline, runPasses } from '../../compiler/passes/pipeline.ts';
import { patchIndexer } from '../../compiler/patches/tables.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { turned } from './table-tests.ts';

export const samplesFolder = fileURLToPath(new URL('../samples/passes/', import.meta.url));

/** All passes in order. */
export const allPasses: readonly Pass[] = [...passes.forward, ...passes.partition, ...passes.finish];

/** Lists the cases of a pass. */
export function casesOf(pass: string): string[] {
  const folder = `${samplesFolder}${pass}`;
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

export interface SampleOptions {
  /** Variables to differentiate by; gradients of all outputs are compared too. Default: all. */
  readonly trained?: readonly string[];
  /** Changes of the product's target. */
  readonly target?: Partial<Target>;
  /** Whether label-local values are computed in tables. */
  readonly tables?: boolean;
  /** The method to split, and its inputs that are label maps. */
  readonly staged?: { readonly method: string; readonly maps: readonly string[] };
}

/** The result of a pass on a sample. */
export interface PassSample {
  /** The graphs before and after it; those of forward passes with gradients of their outputs. */
  readonly before: Program;
  readonly after: Program;
  /** Only the graphs after it, as in `after.ir`. */
  readonly shown: readonly Method[];
}

/** Reads the text of a sample's graphs before the pass. */
export function readBefore(pass: string, name: string): string {
  return readFileSync(`${samplesFolder}${pass}/${name}/before.ir`, 'utf8');
}

/** Reads the text of a sample's graphs after the pass; undefined for a new sample. */
export function readAfter(pass: string, name: string): string | undefined {
  const file = `${samplesFolder}${pass}/${name}/after.ir`;
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Runs a pass on a sample. The graphs of a forward pass share a builder, like the objectives of a step. */
export function runSample(pass: Pass, name: string): PassSample {
  const file = `${samplesFolder}${pass.name}/${name}/options.json`;
  const options = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SampleOptions) : {};
  const text = readBefore(pass.name, name);
  return pass.level === 'forward' ? runForward(pass, text, options) : runFinished(pass, text, options);
}

function runFinished(
  pass: MethodPass | ProgramPass,
  text: string,
  { target, staged }: SampleOptions,
): PassSample {
  const methods = parseMethods(text);
  const before = { variables: variablesOf(methods), methods };
  const after = runPasses([pass], before, {
    target: { ...cpu, ...target },
    staged: staged && { method: staged.method, isMap: (input) => staged.maps.includes(input) },
  });
  return { before, after, shown: after.methods };
}

function runForward(pass: ForwardPass, text: string, options: SampleOptions): PassSample {
  const b = new GraphBuilder();
  const methods = parseMethods(text, b);
  const levels = options.tables === true ? new LevelPlanner(mapsOf(methods), () => true) : undefined;
  const pipeline = new ForwardPipeline([pass], { b, target: { ...cpu, ...options.target }, levels }, {});
  const runs = methods.map((method) => {
    const reads = nodesOf(method).filter(({ op }) => op === read);
    const weights = new Map(reads.map((node) => [node, String(node.attrs['name'])]));
    const trained = reads.filter(({ attrs }) => options.trained?.includes(String(attrs['name'])) ?? true);
    const before = { ...method, weights, trained: new Set(trained) };
    const after = pipeline.run(before);
    const [was, is] = [before, after].map((graph) => withGradients(b, graph, trained)) as [Method, Method];
    return { was, is, shown: after };
  });
  const variables = variablesOf(methods);
  return {
    before: { variables, methods: runs.map(({ was }) => was) },
    after: { variables, methods: runs.map(({ is }) => is), ...(levels && { patches: levels.feed() }) },
    shown: runs.map(({ shown }) => shown),
  };
}

/** Adds gradients of a graph's outputs. */
function withGradients(b: Builder, { name, outputs, writes }: Method, targets: readonly Node[]): Method {
  const found = [...outputs].flatMap(([output, y]) =>
    gradients(b, y, targets, b.input({ name: `dy of ${name} ${output}`, ...typeOf(y) })).map(
      (gradient, index) => [`gradient ${index} of ${output}`, gradient] as const,
    ),
  );
  return { name, outputs: new Map([...outputs, ...found]), writes };
}

/** Declares the variables that methods read and write: `w/m` is a companion of the weight `w`. */
function variablesOf(methods: readonly Method[]): Variable[] {
  const types = new Map<string, TensorType>(
    methods.flatMap((method) => [
      ...[...method.writes].map(([name, node]) => [name, typeOf(node)] as const),
      ...nodesOf(method).flatMap((node) =>
        is(read, node) ? [[String(node.attrs['name']), typeOf(node)] as const] : [],
      ),
    ]),
  );
  return [...types].map(([name, type]) => ({
    name,
    type,
    role: name.includes('/') ? 'slot' : 'parameter',
    network: 'G',
    initializer: { kind: 'constant', value: 0 },
  }));
}

/** Describes the label maps of methods with an input `labels`, with edges if they have that input. */
function mapsOf(methods: readonly Method[]): ConstructorParameters<typeof LevelPlanner>[0] {
  const labels = methods.map((method) => inputsOf(method).get('labels')).find((type) => type);
  const [pictures, height, width] = must(labels, 'there is an input labels').shape as [
    number,
    number,
    number,
  ];
  return { labels: 'labels', edges: 'labels.edges', pictures, height, width };
}

/** The values that a sample is evaluated on: of inputs and of variables, by name. */
export type Drawn = ReadonlyMap<string, RefTensor>;

/**
 * Draws inputs and variables of a program: ids 0 to 3 for integers, positive second moments, normal numbers otherwise.
 */
export function drawFor({ variables, methods }: Program): { readonly inputs: Drawn; readonly state: Drawn } {
  const draw = (name: string, { dtype, shape }: TensorType): [string, RefTensor] => {
    const random = new RandomStream(11, name);
    const one = (): number => (dtype === 'i32' ? random.below(4) : random.normal());
    const isPositive = name.endsWith('/v');
    const data = Float64Array.from({ length: sizeOf(shape) }, () => (isPositive ? Math.abs(one()) : one()));
    return [name, { shape, data }];
  };
  return {
    inputs: new Map(methods.flatMap((method) => [...inputsOf(method)]).map((input) => draw(...input))),
    state: new Map(variables.map(({ name, type }) => draw(name, type))),
  };
}

/**
 * Evaluates the methods of a program one after another in float64, each after the writes of earlier ones. Gives all
 * outputs, by method and name, and the final variables.
 */
export function evaluateProgram(
  { variables, methods, layouts, patches }: Program,
  { inputs, state }: ReturnType<typeof drawFor>,
): ReadonlyMap<string, RefTensor> {
  const found = new Map<string, RefTensor>();
  const tables =
    patches &&
    patchIndexer(patches.plan).index(
      Int32Array.from(must(inputs.get(patches.maps.labels), 'there are labels').data),
      undefined,
    );
  const rows = new Map(tables?.tables.map(({ count }, level) => [rowsOfLevel(level), count]));
  const bind = (method: Method): Method =>
    bindSymbols(method, (symbol) => must(rows.get(symbol), 'every level has rows'));
  const inLayout = (name: string, value: RefTensor, isBack = false): RefTensor => {
    const order = layouts?.get(name);
    return order ? turned(value, isBack ? inverseOrder(order) : order) : value;
  };
  const held = new Map([...state].map(([name, value]) => [name, inLayout(name, value)]));
  const patchOf = (name: string, shape: readonly number[]): RefTensor | undefined => {
    const part = tables && partOfInput(name);
    return part && { shape, data: Float64Array.from(patchValues(tables, part.level, part.part)) };
  };
  for (const method of methods.map(bind)) {
    const fed = [...inputsOf(method)].map(([name, { shape }]) => {
      const value = inputs.get(name) ?? patchOf(name, shape);
      return [name, must(value, `there is a value of ${name}`)] as const;
    });
    const values = evaluate([...method.outputs.values(), ...method.writes.values()], {
      inputs: new Map(fed),
      variables: held,
    });
    const valueOf = (index: number): RefTensor => must(values[index], 'there is a value of each');
    [...method.outputs.keys()].forEach((name, index) => found.set(`${method.name} ${name}`, valueOf(index)));
    [...method.writes.keys()].forEach((name, index) => held.set(name, valueOf(method.outputs.size + index)));
  }
  for (const { name } of variables)
    found.set(`variable ${name}`, inLayout(name, must(held.get(name), `variable ${name} has a value`), true));
  return found;
}
