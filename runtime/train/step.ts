/** Runs a training step on a session: calls the methods in order, for each part of the batch, with their inputs. */
import type { Program } from '../../compiler/ir/program.ts';
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { scalarsAt } from '../../compiler/build/schedule.ts';
import {
  labelsInput,
  randomStateInput,
  realInput,
  type Spec,
  type TrainSpec,
} from '../../compiler/format/types.ts';
import { partsOfStep, stepMethods } from '../../compiler/build/step.ts';
import { outerInputs } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import type { Batch } from '../data/dataset.ts';
import { edgesInput, instancesInput } from '../session/feeds.ts';
import { runAndRead, type Feeds, type Session, type Values } from '../session/session.ts';

/** What a step takes from its batch. */
export type StepData = Pick<Batch, 'labels' | 'edges' | 'instances' | 'images' | 'patches'>;

/**
 * Does a step (counted from 0) with a batch; gives the outputs of the objectives, averaged over the parts of the batch.
 */
export type Stepper = (step: number, batch: StepData) => Promise<Map<string, Float32Array>>;

/** A method to call, with its inputs. */
export interface CalledMethod {
  readonly name: string;
  /** Whether it is called for each part of the batch, or once. */
  readonly perPart: boolean;
  readonly inputs: ReadonlyMap<string, TensorType>;
}

/**
 * Calls methods in order; those that take a part of the batch are called once for each part. `valueOf` gives an input's
 * values for the whole batch. Outputs of parts are joined: numbers are averaged, like gradients, and pictures are
 * concatenated.
 */
export async function callInParts(
  methods: readonly CalledMethod[],
  { parts, seed, step }: { readonly parts: number; readonly seed: number; readonly step: number },
  valueOf: (input: string) => Values | undefined,
  run: (method: string, feeds: Feeds, part: number) => Promise<ReadonlyMap<string, Float32Array>>,
): Promise<Map<string, Float32Array>> {
  const outputs = new Map<string, Float32Array>();
  for (const { name, perPart, inputs } of methods) {
    const found: ReadonlyMap<string, Float32Array>[] = [];
    for (let part = 0; part < (perPart ? parts : 1); part++) {
      const fed = [...inputs].map(([input, type]): [string, Values] => {
        if (input === randomStateInput) return [input, Int32Array.of(seed, step * parts + part)];
        const values = must(valueOf(input), `the batch has what ${input} is fed with`);
        const length = sizeOf(type.shape);
        return [
          input,
          values.length === length ? values : values.subarray(part * length, (part + 1) * length),
        ];
      });
      found.push(await run(name, Object.fromEntries(fed), part));
    }
    for (const output of found[0]?.keys() ?? [])
      outputs.set(
        output,
        joinParts(found.map((one) => must(one.get(output), `the method gives the output ${output}`))),
      );
  }
  return outputs;
}

function joinParts(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  if (first?.length === 1)
    return Float32Array.of(parts.reduce((sum, part) => sum + part[0]! / parts.length, 0));
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What steps depend on besides their batch. */
export interface StepperSettings {
  readonly seed: number;
  readonly stepsPerEpoch: number;
}

/** Makes the stepper of a session whose program was compiled for the parts of a batch. */
export function makeStepper(
  session: Pick<Session, 'program' | 'run' | 'read'>,
  spec: Spec & { readonly train: TrainSpec },
  { seed, stepsPerEpoch }: StepperSettings,
): Stepper {
  const parts = partsOfStep(spec);
  const methods = calledMethods(session.program, stepMethods(spec));
  return (step, { labels, edges, instances, images, patches }) => {
    const scalars = scalarsAt(spec.train, step, stepsPerEpoch);
    const values = new Map<string, Values | undefined>([
      ...Object.entries(scalars),
      [labelsInput, labels],
      [edgesInput, edges],
      [instancesInput, instances],
      [realInput, images],
    ]);
    return callInParts(
      methods,
      { parts, seed, step },
      (input) => values.get(input),
      (method, feeds, part) => runAndRead(session, method, feeds, { patches: patches?.[part] }),
    );
  };
}

/** Looks the inputs of methods up once, for many calls. */
export function calledMethods(
  program: Program,
  methods: readonly { readonly name: string; readonly perPart: boolean }[],
): CalledMethod[] {
  return methods.map(({ name, perPart }) => {
    const method = must(
      program.methods.find((one) => one.name === name),
      `the program has the method ${name}`,
    );
    return { name, perPart, inputs: outerInputs(program, method) };
  });
}
