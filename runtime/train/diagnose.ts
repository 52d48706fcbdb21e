/**
 * Answers for where a value that is not finite came from. A step is a pure function of variables, seed and step: it is done
 * again from the last good state, at the end value by value on the graph as it was written, without tables and kernels.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import { compile } from '../../compiler/index.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import type { Node } from '../../compiler/ir/node.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { belongsToUpdate, partsOfStep } from '../../compiler/build/step.ts';
import { type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source } from '../../dsl/source.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import type { Batch } from '../data/dataset.ts';
import { areFinite, inGroups, type DeviceValue, type Session } from '../session/session.ts';
import { PortableSession } from '../session/portable.ts';
import { firstNotFinite, replaying, type ValueRange } from '../run/messages.ts';
import type { TrainableSpec } from '../run/settings.ts';
import { makeStepper, type Stepper, type StepperSettings } from './step.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** A run whose step gave a value that is not finite. */
export interface FailedRun {
  readonly spec: TrainableSpec;
  /** The texts that nodes come from; without them there is no line to show. */
  readonly sources: readonly Source[];
  readonly tf: TensorFlow;
  readonly session: Session;
  readonly stepper: Stepper;
  readonly settings: StepperSettings;
  /** Steps that were done when the run was saved for the last time, and what brings the variables back there. */
  readonly saved: number;
  readonly restore: () => Promise<void>;
  /** Gives the batches from a step on, one after another. */
  readonly batchesFrom: (step: number) => AsyncIterable<Batch>;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * Finds what made the first value that is not finite, after step `failed` (from 0) gave one; says so at the line of
 * the source. Undefined where it does not show again, or somebody asked to stop.
 */
export async function findNotFinite(run: FailedRun, failed: number): Promise<Diagnostic | undefined> {
  run.log?.(replaying(failed - run.saved));
  // Losses show at once what gradients and weights hold, but a weight that is not finite may hide for a while.
  let bad = failed;
  await replay(run, failed);
  if (!(await holdsFinite(run.session))) {
    bad = await firstBadStep(run, failed);
    await replay(run, bad);
  }
  if (run.signal?.aborted) return undefined;
  for await (const batch of run.batchesFrom(bad)) return describe(run, bad, batch);
  return undefined;
}

/** Brings the variables to what they were before a step. */
async function replay(run: FailedRun, step: number): Promise<void> {
  await run.restore();
  await stepOn(run, step, () => Promise.resolve(true));
}

/** Finds the first step after which a variable is not finite. */
async function firstBadStep(run: FailedRun, limit: number): Promise<number> {
  await run.restore();
  let first = limit;
  await stepOn(run, limit, async (step) => {
    const isGood = await holdsFinite(run.session);
    if (!isGood) first = step;
    return isGood;
  });
  return first;
}

async function stepOn(
  { saved, stepper, batchesFrom, signal }: FailedRun,
  limit: number,
  goesOn: (step: number) => Promise<boolean>,
): Promise<void> {
  if (saved >= limit) return;
  let step = saved;
  for await (const batch of batchesFrom(saved)) {
    await stepper(step, batch);
    if (!(await goesOn(step)) || ++step === limit || signal?.aborted) return;
  }
}

/** Tells whether all variables are finite, reading some at a time. */
async function holdsFinite(session: Session): Promise<boolean> {
  const bytesOf = ({ type }: Session['program']['variables'][number]): number => 4 * sizeOf(type.shape);
  for (const some of inGroups(session.program.variables, bytesOf))
    for (const values of (await session.readVariables(some.map(({ name }) => name))).values())
      if (!areFinite(values)) return false;
  return true;
}

/** Does a step value by value, up to the method that gives something that is not finite, and describes what did. */
async function describe(
  { spec, sources, tf, session, settings }: FailedRun,
  step: number,
  batch: Batch,
): Promise<Diagnostic | undefined> {
  const program = compile(spec, {
    target: cpu,
    batch: spec.data.batch / partsOfStep(spec),
    methods: ['step'],
    sources,
    measureGradients: true,
  });
  const plain = new PortableSession(tf, program);
  try {
    await plain.setVariables(await session.readVariables(program.variables.map(({ name }) => name)));
    let found: Origin | undefined;
    const stepper = makeStepper(
      {
        program,
        // Without tables the graph takes no patches of the maps.
        async run(name, feeds) {
          const watch = new Watch();
          let outputs = new Map<string, DeviceValue>();
          await plain.watched(
            async () => {
              outputs = await plain.run(name, feeds);
            },
            (...seen) => watch.look(...seen),
          );
          const method = must(
            program.methods.find((one) => one.name === name),
            `the program has the method ${name}`,
          );
          found ??= watch.originIn(method);
          return outputs;
        },
        read: (value) => plain.read(value),
      },
      spec,
      settings,
    );
    await stepper(step, batch);
    return found && diagnose(found, step);
  } finally {
    await plain.dispose();
  }
}

/** A node whose results are not all finite though its operands are. */
interface Origin {
  readonly node: Node;
  readonly result: ValueRange;
  readonly operands: readonly (ValueRange & { readonly op: string })[];
}

/** Sees the values of a method, and remembers where they stop being finite. */
class Watch {
  /** The nodes with values that are not finite; those that made the first of them with what they made them of. */
  private readonly bad = new Map<Node, Origin | undefined>();

  readonly look = (
    node: Node,
    results: readonly Tfjs.Tensor[],
    operands: readonly (readonly Tfjs.Tensor[])[],
  ): void => {
    if (results.every((tensor) => tensor.dtype !== 'float32' || areFinite(tensor.dataSync()))) return;
    const isFirst = !node.operands.some((operand) => this.bad.has(operand));
    const rangesOf = (tensors: readonly Tfjs.Tensor[]): ValueRange =>
      rangeOf(must(tensors[0], 'an op that is watched has a result'));
    this.bad.set(
      node,
      isFirst
        ? {
            node,
            result: rangesOf(results),
            operands: operands.map((tensors, index) => ({
              ...rangesOf(tensors),
              op: must(node.operands[index], 'an op that is watched has its operands').op.name,
            })),
          }
        : undefined,
    );
  };

  /** Finds the first origin that what a method gives or writes comes from: others may be masked, as infinite logits are. */
  originIn(method: Method): Origin | undefined {
    const roots = [...method.outputs.values(), ...method.writes.values()].filter((node) =>
      this.bad.has(node),
    );
    const tainted = new Set<Node>();
    const stack = [...roots];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (tainted.has(node)) continue;
      tainted.add(node);
      stack.push(...node.operands.filter((operand) => this.bad.has(operand)));
    }
    const first = nodesOf(method).find((node) => tainted.has(node) && this.bad.get(node));
    return first && this.bad.get(first);
  }
}

function rangeOf(tensor: Tfjs.Tensor): ValueRange {
  const values = tensor.dataSync();
  let [low, high, infinite, notNumbers] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) notNumbers++;
    else if (!Number.isFinite(value)) infinite++;
    else [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return { shape: tensor.shape, count: values.length, low, high, infinite, notNumbers };
}

function diagnose({ node, result, operands }: Origin, step: number): Diagnostic {
  return firstNotFinite(
    {
      op: node.op.name,
      step: step + 1,
      scope: node.origin?.scope,
      name: typeof node.attrs['name'] === 'string' ? node.attrs['name'] : undefined,
      isGradient: node.origin?.isGradient ?? false,
      isUpdate: belongsToUpdate(node),
      result,
      operands,
    },
    node.origin?.span,
  );
}
