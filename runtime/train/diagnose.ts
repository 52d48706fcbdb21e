/**
 * Finds the cause of a value that is not finite. A step is a pure function of variables, seed and step, so it is
 * repeated from the last good state; the failing step runs node by node on the unoptimized graph, without tables and
 * kernels.
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
  /** The texts of the spec; without them, no source line is shown. */
  readonly sources: readonly Source[];
  readonly tf: TensorFlow;
  readonly session: Session;
  readonly stepper: Stepper;
  readonly settings: StepperSettings;
  /** The steps done at the last save, and the function that restores the variables of that step. */
  readonly saved: number;
  readonly restore: () => Promise<void>;
  /** Gives the batches from a step on, in order. */
  readonly batchesFrom: (step: number) => AsyncIterable<Batch>;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * Finds the node that made the first value that is not finite, after step `failed` (from 0) gave one, and reports its
 * source line. Undefined if the value does not recur, or a stop was requested.
 */
export async function findNotFinite(run: FailedRun, failed: number): Promise<Diagnostic | undefined> {
  run.log?.(replaying(failed - run.saved));
  // Losses show bad values of gradients and weights at once, but a bad weight may stay unseen for a while.
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

/** Restores the variables to their values before a step. */
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

/** Tells whether all variables are finite; reads them in groups. */
async function holdsFinite(session: Session): Promise<boolean> {
  const bytesOf = ({ type }: Session['program']['variables'][number]): number => 4 * sizeOf(type.shape);
  for (const some of inGroups(session.program.variables, bytesOf))
    for (const values of (await session.readVariables(some.map(({ name }) => name))).values())
      if (!areFinite(values)) return false;
  return true;
}

/** Runs a step node by node, up to the method with the first value that is not finite, and describes its origin. */
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
        // Without tables the graph takes no patches.
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

/** A node whose operands are finite but whose results are not. */
interface Origin {
  readonly node: Node;
  readonly result: ValueRange;
  readonly operands: readonly (ValueRange & { readonly op: string })[];
}

/** Watches the values of a method, and records where they become non-finite. */
class Watch {
  /** The nodes with non-finite values; the origins among them are stored with their operands. */
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

  /**
   * Finds the first origin that an output or write depends on: other non-finite values may be masked, such as infinite
   * logits.
   */
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
