/** Lists the methods of a spec for embedding programs, with their inputs, and compiles their programs. */
import { compile, spanOfPlace, type Spec } from '../../compiler/index.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import type { TensorType } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { lossMethod, networkMethod } from '../../compiler/build/probes.ts';
import { scalarNames } from '../../compiler/build/optimizers.ts';
import { typesOfInput } from '../../compiler/build/instantiate.ts';
import { encodersOf, generatorOf, inputsOfData } from '../../compiler/format/queries.ts';
import {
  labelsInput,
  randomStateInput,
  type InputSpec,
  type NetworkSpec,
} from '../../compiler/format/types.ts';
import { partsOfStep, stepMethods, variablesOf } from '../../compiler/build/step.ts';
import type { Source } from '../../dsl/source.ts';
import { calledMethods, type CalledMethod } from '../train/step.ts';
import { notTrainable, unknownMethod, unknownNetwork } from './messages.ts';
import type { InputRole } from './types.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** The kind of a method, and its network if there is one method for each network. */
export type MethodName =
  | { readonly kind: 'forward' | 'gradients' | 'loss'; readonly network: string }
  | { readonly kind: 'step' | 'synthesize' | 'encode' };

/** How a method's program is made, besides its batch size. */
export interface Variant {
  readonly training: boolean;
  readonly gradients: boolean;
  readonly feedNoise: boolean;
  readonly pictures: boolean;
}

/** A declared input: its type for one picture. */
export interface Declared {
  readonly type: TensorType;
  readonly role: InputRole;
  /** The number of ids, for label maps. */
  readonly classes?: number;
  /** Whether it is a photograph of the data, with values between -1 and 1. */
  readonly isPhoto?: boolean;
}

/** The program of a call. */
export interface Compiled {
  readonly program: Program;
  /** The methods to call, in order. */
  readonly methods: readonly CalledMethod[];
  /** All inputs of these methods, by name. */
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly parts: number;
  /** The number of pictures in a part. */
  readonly batch: number;
}

/** Lists the names of a spec's methods. */
export function methodNames(spec: Spec): string[] {
  const networks = spec.networks.map(({ name }) => name);
  const losses = spec.objectives.map(({ network }) => network);
  return [
    ...networks.map((name) => `forward/${name}`),
    ...networks.map((name) => `gradients/${name}`),
    ...losses.map((name) => `loss/${name}`),
    ...(spec.train && losses.length > 0 ? ['step'] : []),
    ...(generatorOf(spec) ? ['synthesize'] : []),
    ...(encodersOf(spec).length > 0 ? ['encode'] : []),
  ];
}

/** Parses a method's name. Throws a SpadeworkError if the spec has no such method. */
export function readMethod(spec: Spec, name: string): MethodName {
  const known = methodNames(spec);
  const [kind = ''] = name.split('/', 1);
  const network = name.slice(kind.length + 1);
  if (!known.includes(name)) {
    const isOfNetwork = kind === 'forward' || kind === 'gradients' || kind === 'loss';
    if (isOfNetwork && network !== '')
      throw unknownNetwork(
        network,
        known.filter((one) => one.startsWith(`${kind}/`)).map((one) => one.slice(kind.length + 1)),
      );
    throw name === 'step' ? notTrainable(spec.name) : unknownMethod(name, known);
  }
  return (network === '' ? { kind } : { kind, network }) as MethodName;
}

/** Finds a network. Throws a SpadeworkError if there is none of the name. */
export function findNetwork(spec: Spec, name: string): NetworkSpec {
  const found = spec.networks.find((network) => network.name === name);
  if (!found)
    throw unknownNetwork(
      name,
      spec.networks.map((network) => network.name),
    );
  return found;
}

/**
 * Lists the inputs that callers may feed to a method, without those that only its program knows: noise inside losses,
 * and cotangents.
 */
export function declaredInputs(spec: Spec, method: MethodName): Map<string, Declared> {
  const inputs = inputsOfMethod(spec, method);
  const isOfData = method.kind === 'loss' || method.kind === 'step' || method.kind === 'encode';
  return new Map(
    inputs.flatMap((input) =>
      typesOfInput(input, 1).map(([name, type]) => [name, declare(input, name, type, isOfData)]),
    ),
  );
}

function inputsOfMethod(spec: Spec, method: MethodName): readonly InputSpec[] {
  switch (method.kind) {
    case 'forward':
    case 'gradients':
      return findNetwork(spec, method.network).inputs;
    case 'synthesize':
      return must(generatorOf(spec), 'the name of a method was read').inputs.map((input) =>
        input.kind === 'labels' ? { ...input, name: labelsInput } : input,
      );
    case 'loss':
    case 'step':
    case 'encode': {
      const { labels, real } = inputsOfData(must(spec.data, 'losses have data'));
      return [labels, real];
    }
  }
}

function declare(input: InputSpec, name: string, type: TensorType, isOfData: boolean): Declared {
  if (input.kind === 'labels') {
    if (name.endsWith('.edges')) return { type, role: 'edges' };
    if (name.endsWith('.instances')) return { type, role: 'instances' };
    return { type, role: 'labels', classes: input.classes };
  }
  const drawn = input.kind === 'noise' || (input.kind === 'encoded' && input.sampled);
  return { type, role: drawn ? 'noise' : 'tensor', isPhoto: isOfData };
}

/** Compiles the program of a method for a batch size. */
export function compileMethod(
  spec: Spec,
  sources: readonly Source[],
  method: MethodName,
  batch: number,
  variant: Variant,
): Compiled {
  const spanOf = (at: Parameters<typeof spanOfPlace>[0]) => spanOfPlace(at, sources);
  const common = { name: method.kind, batch, spanOf };
  const one = (program: Program): Compiled =>
    compiledOf(
      program,
      program.methods.map(({ name }) => ({ name, perPart: false })),
      { parts: 1, batch },
    );
  const alone = (only: Method): Compiled => one({ variables: variablesOf(spec), methods: [only] });
  switch (method.kind) {
    case 'forward':
    case 'gradients': {
      const network = findNetwork(spec, method.network);
      const { training, gradients } = variant;
      const compiled = alone(networkMethod(spec, network, { ...common, training, gradients }));
      return gradients ? withCotangents(compiled) : compiled;
    }
    case 'loss':
      return alone(lossMethod(spec, method.network, { ...common, gradients: variant.gradients }));
    case 'step': {
      const parts = partsOfStep(spec);
      const program = compile(spec, {
        target: cpu,
        batch: batch / parts,
        methods: ['step'],
        exposeGradients: variant.gradients,
        exposePictures: variant.pictures,
        feedNoise: variant.feedNoise,
        sources,
      });
      return compiledOf(program, stepMethods(spec), { parts, batch: batch / parts });
    }
    case 'synthesize':
    case 'encode':
      return one(compile(spec, { target: cpu, batch, methods: [method.kind], sources }));
  }
}

function compiledOf(
  program: Program,
  names: readonly { readonly name: string; readonly perPart: boolean }[],
  size: Pick<Compiled, 'parts' | 'batch'>,
): Compiled {
  const methods = calledMethods(program, names);
  return { program, methods, inputs: new Map(methods.flatMap(({ inputs }) => [...inputs])), ...size };
}

/**
 * Adds cotangents that no result depends on, such as for networks without parameters, so that callers may always give
 * them.
 */
function withCotangents(compiled: Compiled): Compiled {
  const inputs = new Map(compiled.inputs);
  for (const { outputs } of compiled.program.methods)
    for (const [output, { results }] of outputs) {
      const cotangent = cotangentOf(output);
      if (cotangent !== output && !inputs.has(cotangent))
        inputs.set(cotangent, must(results[0], `the output ${output} has a type`));
    }
  return { ...compiled, inputs };
}

/** Tells whether callers feed an input; the model itself feeds random state, rates and corrections. */
export function isFedByCaller(spec: Spec, name: string): boolean {
  const scalars = spec.train?.optimizers.flatMap(scalarNames);
  return name !== randomStateInput && !scalars?.includes(name);
}

/** The first part of a cotangent's name. */
export const cotangentPrefix = 'cotangent';

/** Gives the name of an output's cotangent; other names are unchanged. */
export const cotangentOf = (output: string): string => output.replace(/^output(?=\/|$)/, cotangentPrefix);

/** Gives the role of an undeclared input: a cotangent, or noise inside a loss. */
export function roleOf(name: string): InputRole {
  return name.split('/')[0] === cotangentPrefix ? 'cotangent' : 'noise';
}
