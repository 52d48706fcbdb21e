/** Reads a network for metrics: its declaration, spec and weights, and lists its results. */
import { check } from '../../compiler/index.ts';
import { shapeOf } from '../../compiler/ir/node.ts';
import type { Method } from '../../compiler/ir/program.ts';
import { must } from '../../dsl/errors.ts';
import { networkMethod } from '../../compiler/build/probes.ts';
import { specFormat, type NetworkSpec, type Spec } from '../../compiler/format/types.ts';
import type { Source } from '../../dsl/source.ts';
import type { Size } from '../data/maps.ts';
import { fileProvider, readSource } from '../specs/read.ts';
import { loadWeights, type LoadedWeights } from '../run/weights.ts';
import { declaredJudge, type JudgeDeclaration } from './declaration.ts';
import { badJudge, judgeHasMistakes } from './messages.ts';
import { digestOfNetwork } from './protocol.ts';
import type { JudgeRecord } from './record.ts';

/** The batch size of a call. */
export const picturesAtOnce = 4;

/** One of a network's results. */
export interface Leaf {
  readonly name: string;
  /** [batch, height, width, channels] or [batch, numbers]. */
  readonly shape: readonly number[];
}

/** A network with its weights, before it is opened on an engine. */
export interface ReadJudge {
  readonly record: JudgeRecord;
  readonly declaration: JudgeDeclaration;
  readonly network: NetworkSpec;
  readonly weights: LoadedWeights;
  /** The size that pictures are scaled to. */
  readonly size: Size;
  /** Applies the network to `picturesAtOnce` pictures. */
  readonly method: Method;
  readonly leaves: readonly Leaf[];
}

/**
 * Reads a network, by name or file, and its weights. `size` is the size of the pictures, used if the network declares
 * none. Throws a SpadeworkError.
 */
export async function readJudge(nameOrPath: string, weightsFile: string, size: Size): Promise<ReadJudge> {
  const declaration = declaredJudge(nameOrPath);
  const asked = declaration.size ?? size;
  const network = expandJudge(nameOrPath, declaration, asked);
  const { naming } = declaration;
  const own = { path: weightsFile, ...(naming !== undefined && { mapping: naming }) };
  const weights = await loadWeights({ ...specOf(network), networks: [{ ...network, weights: own }] });
  const record = {
    name: declaration.name ?? network.definition,
    sha256: digestOfNetwork(network, weights),
  };
  const options = { name: 'look', batch: picturesAtOnce, training: false, gradients: false };
  const method = networkMethod(specOf(network), network, options);
  const leaves = [...method.outputs].map(([name, node]) => ({ name, shape: shapeOf(node) }));
  return { record, declaration, network, weights, size: asked, method, leaves };
}

/** Finds the feature vector of a picture: the first vector, or the last map averaged over its pixels. */
export function vectorOf({ leaves, record }: ReadJudge): Leaf {
  const found = leaves.find(({ shape }) => shape.length === 2) ?? leaves.findLast(isMap);
  if (!found) throw badJudge(record.name, 'none of its results is a vector or a map of features');
  return found;
}

/** Lists the layers for the perceptual distance: the declared ones, or all results that are maps. */
export function layersOf({ leaves, record, declaration: { layers } }: ReadJudge): readonly Leaf[] {
  const chosen = layers ? layers.map((place) => leaves[place]) : leaves.filter(isMap);
  if (chosen.length === 0 || !chosen.every((leaf) => leaf && isMap(leaf)))
    throw badJudge(record.name, `its layers are not all maps of features; it has ${leaves.length} results`);
  return chosen.filter((leaf) => leaf !== undefined);
}

const isMap = ({ shape }: Leaf): boolean => shape.length === 4;

/** Gives the length of a vector, or the channels of a map. */
export function channelsOf({ shape }: Leaf): number {
  return must(shape.at(-1), 'results have axes');
}

/** Gives a spec with only this network. */
export const specOf = (network: NetworkSpec): Spec => ({
  format: specFormat,
  name: network.name,
  sources: [],
  networks: [network],
  objectives: [],
});

function expandJudge(nameOrPath: string, declaration: JudgeDeclaration, size: Size): NetworkSpec {
  const provider = fileProvider();
  const { from, settings, network: name } = declaration;
  const source = 'module' in from ? provider.library(from.module) : readNetworkFile(from.file);
  if (!source) throw badJudge(nameOrPath, 'the standard library has no such module');
  const { spec, diagnostics } = check(source, provider, { name, settings, assume: { ...size, classes: 1 } });
  if (!spec) throw judgeHasMistakes(nameOrPath, diagnostics);
  const [network, second] = spec.networks;
  if (!network || second) throw badJudge(nameOrPath, 'it has to hold one network, or say which one it means');
  const [input, other] = network.inputs;
  const shape = input?.kind === 'tensor' ? input.shape : undefined;
  if (other || String(shape) !== String([size.height, size.width, 3]))
    throw badJudge(nameOrPath, `'${network.name}' has to take one picture, and nothing else`);
  return network;
}

function readNetworkFile(file: string): Source {
  const found = readSource(file);
  if ('text' in found) return found;
  throw badJudge(file, found.why);
}
