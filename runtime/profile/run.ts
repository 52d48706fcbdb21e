/** Profiles an experiment: opens its data, compiles its step, and traces some steps on the engine. */
import { dirname } from 'node:path';
import { compile, type Spec } from '../../compiler/index.ts';
import { partsOfStep } from '../../compiler/build/step.ts';
import { choiceOf, chosenKeys } from '../../compiler/passes/deduplicate-patches/choose.ts';
import type { Source } from '../../dsl/source.ts';
import { chooseEngine, type EngineRequest } from '../engine/choose.ts';
import { openTrainingData } from '../run/data.ts';
import { whileComputing } from '../session/computing.ts';
import { describeLibrary, openSession } from '../session/open.ts';
import { overrideSpec, rhythmOf, type SpecOverrides } from '../run/settings.ts';
import { makeStepper } from '../train/step.ts';
import { tablesFor } from '../train/tables.ts';
import { loadWeights } from '../run/weights.ts';
import { setInitialValues, type KernelTime } from '../session/session.ts';
import { makeProfile, type Profile } from './profile.ts';
import { cpu } from '../../compiler/lower/targets.ts';

export interface ProfileOptions extends Omit<SpecOverrides, 'steps'> {
  readonly spec: Spec;
  /** The texts of the spec, the main one first. */
  readonly sources: readonly Source[];
  readonly engine?: EngineRequest | undefined;
  /** The number of traced steps. */
  readonly steps: number;
  /** Disables tables, which compute repeated patches once. */
  readonly dense?: boolean | undefined;
  /** Steps before tracing, in which the engine initializes. */
  readonly warmup: number;
  readonly log?: (line: string) => void;
  /** Called after each step. */
  readonly stepped?: (done: number, total: number) => void;
}

/** A profile with the objects it was made from. */
export interface ProfiledStep {
  readonly profile: Profile;
  readonly engine: string;
  readonly batch: number;
  readonly size: { readonly width: number; readonly height: number };
}

/**
 * Profiles the training step of an experiment on its own data, from its initial weights. The same number of steps is
 * timed without tracing, to show the cost of tracing. Throws the errors of training.
 */
export async function profileStep(options: ProfileOptions): Promise<ProfiledStep> {
  const { steps, warmup, log = () => undefined } = options;
  const spec = overrideSpec(options.spec, dirname(options.sources[0]?.name ?? '.'), {
    seed: options.seed,
    batch: options.batch,
    data: options.data,
  });
  const weights = await loadWeights(spec);
  const data = await openTrainingData(spec.data);
  try {
    await data.check();
    const engine = await chooseEngine(options.engine ?? 'auto', log);
    const batch = spec.data.batch / partsOfStep(spec);
    const tables = choiceOf(options.dense ? [] : chosenKeys(await tablesFor(spec, data)));
    const program = compile(spec, {
      target: cpu,
      batch,
      methods: ['step'],
      sources: options.sources,
      tables,
    });
    const session = await openSession(engine, program);
    const { seed } = rhythmOf(spec.train, steps);
    const loader = data.loader({ batch: spec.data.batch, seed, augment: { flip: false } });
    try {
      await setInitialValues(session, seed, weights);
      const stepsPerEpoch = data.pairs.length / spec.data.batch;
      const stepper = makeStepper(session, spec, { seed, stepsPerEpoch });
      const total = warmup + 2 * steps;
      const traces: KernelTime[][] = [];
      const spent = { plain: 0, traced: 0 };
      for (let step = 0; step < total; step++) {
        const samples = await loader.next();
        let passed = 0;
        const run = async (): Promise<void> => {
          const start = performance.now();
          await whileComputing(() => stepper(step, samples));
          passed = performance.now() - start;
        };
        // Alternating, so that both see the machine in the same state.
        const isTraced = step >= warmup && (step - warmup) % 2 === 1;
        if (isTraced) traces.push(await session.traced(run));
        else await run();
        if (step >= warmup) spent[isTraced ? 'traced' : 'plain'] += passed / steps;
        options.stepped?.(step + 1, total);
      }
      const profile = makeProfile(traces, { stepMs: spent.plain, tracedMs: spent.traced });
      return { profile, engine: describeLibrary(engine), batch: spec.data.batch, size: spec.data.size };
    } finally {
      await loader.close();
      await session.dispose();
    }
  } finally {
    await data.close();
  }
}
