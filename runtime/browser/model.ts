/** Opens sessions and models on the tfjs that a page has loaded, whose backend is the page's choice. */
import { variablesOf } from '../../compiler/build/step.ts';
import { frozenNetworks } from '../../compiler/format/queries.ts';
import type { Spec } from '../../compiler/format/types.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import type { Program } from '../../compiler/ir/program.ts';
import type { Source } from '../../dsl/source.ts';
import { OpenModel } from '../model/model.ts';
import type { Model } from '../model/types.ts';
import { defaultSeed } from '../run/seed.ts';
import { PortableSession } from '../session/portable.ts';
import type { Session } from '../session/session.ts';
import { frozenIncomplete, frozenMissing, namedMapping } from './messages.ts';
import { readTensors, readVariables, type Bytes } from './variables.ts';

/** How a spec is opened in a page. */
export interface OpenModelOptions {
  /** Bytes of a checkpoint's `variables.safetensors`; without them variables are drawn. */
  readonly variables?: Bytes;
  /** Bytes of the weights of networks that nothing trains, `weights/<network>.safetensors` of a run, by network. */
  readonly frozen?: Readonly<Record<string, Bytes>>;
  /** What initial values and noise are drawn from. Default: the seed of the train section, else 0. */
  readonly seed?: number;
  /** Steps that the checkpoint has done. Default 0. */
  readonly steps?: number;
  /** The texts of the spec, as `check` gives them: programs name lines by them. */
  readonly sources?: readonly Source[];
}

/** Opens a session of a program. Its variables have no values yet. */
export function openSession(tf: TensorFlow, program: Program): Session {
  return new PortableSession(tf, program);
}

/**
 * Opens a model of a spec that was checked. Rejects with a SpadeworkError where bytes are damaged or of another spec, and where
 * variables come without the weights of a network that nothing trains.
 */
export async function openModel(
  tf: TensorFlow,
  spec: Spec,
  { variables, frozen = {}, seed, steps = 0, sources = [] }: OpenModelOptions = {},
): Promise<Model> {
  const host = {
    engine: 'portable',
    openSession: (program: Program) => Promise.resolve(openSession(tf, program)),
    mapping: (name: string) => {
      throw namedMapping(name);
    },
  } as const;
  const model = new OpenModel(spec, sources, host, seed ?? spec.train?.seed ?? defaultSeed, steps);
  const untrained = frozenNetworks(spec);
  if (variables) {
    const missing = [...untrained].filter((network) => !Object.hasOwn(frozen, network));
    if (missing.length > 0) throw frozenMissing(missing);
    const saved = variablesOf(spec).filter(({ network }) => !untrained.has(network));
    model.take(readVariables(variables, saved));
  }
  for (const [network, bytes] of Object.entries(frozen)) {
    const { missing } = await model.writeOfficial(Object.fromEntries(readTensors(bytes)), { network });
    if (missing.length > 0) throw frozenIncomplete(network, missing);
  }
  return model;
}
