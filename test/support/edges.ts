/** The numbers of PyTorch at the edges of ops (test/fixtures/edges.json), and the programs that are compared with them. */
import { readFileSync } from 'node:fs';
import {
  printAttrs,
  reachable,
  typeOf,
  type Attrs,
  type Builder,
  type Node,
} from '../../compiler/ir/node.ts';
import { is } from '../../compiler/ir/op.ts';
import { input } from '../../compiler/ir/sources.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import type { DType, Shape } from '../../compiler/ir/types.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { gradients } from '../../compiler/ops/gradients.ts';
import { opTable } from '../../compiler/ops/index.ts';
import type { Feeds } from '../../runtime/session/session.ts';
import { buildSample, feedsOf, methodName, pairing, type SampleCase } from './samples.ts';

/** Numbers of PyTorch in float32; `precise` where they are of another kind in float64. */
interface Recorded {
  readonly shape: Shape;
  readonly data: string;
  readonly precise?: string;
}

interface RecordedCase {
  readonly op: string;
  /** Tells the cases of an op apart. */
  readonly about: string;
  readonly attrs: Attrs;
  /** The function of PyTorch. */
  readonly pytorch: string;
  readonly operands: readonly { readonly dtype: DType; readonly shape: Shape; readonly data: string }[];
  /** One for each result, or none where nothing is differentiated. */
  readonly cotangents: readonly string[];
  readonly results: readonly Recorded[];
  /** One for each operand; null where PyTorch has none. */
  readonly gradients: readonly (Recorded | null)[];
}

/** One output of a case. */
export interface Expected {
  readonly name: string;
  readonly shape: Shape;
  readonly float32: readonly number[];
  readonly float64: readonly number[];
}

/** An op at its edges, as a node or as the graph that it is made of; of the graph, gradients are not asked for. */
export interface EdgeCase extends SampleCase {
  readonly about: string;
  /** The op with its attributes, where these tell cases apart. */
  readonly title: string;
  readonly values: readonly RefTensor[];
  readonly cotangents: readonly RefTensor[];
  readonly expected: readonly Expected[];
}

const numbers = (text: string): number[] => text.split(' ').map(Number);

const rounded = (text: string): Float64Array => Float64Array.from(numbers(text), Math.fround);

const expectedOf = (name: string, { shape, data, precise }: Recorded): Expected => ({
  name,
  shape,
  float32: numbers(data),
  float64: numbers(precise ?? data),
});

function casesOf(recorded: RecordedCase): EdgeCase[] {
  const op = opTable.get(recorded.op);
  if (!op) throw new Error(`there is no op ${recorded.op}`);
  const results = recorded.results.map((each, i) => expectedOf(`y${i}`, each));
  const derivatives = recorded.gradients.flatMap((each, i) => (each ? [expectedOf(`g${i}`, each)] : []));
  const title = `${recorded.op} ${printAttrs(recorded.attrs)}`.trim();
  const asNode: EdgeCase = {
    name: `${title} as ${recorded.pytorch}, ${recorded.about}`,
    title,
    about: recorded.about,
    op,
    sample: {
      operands: recorded.operands.map(({ dtype, shape }) => ({ dtype, shape })),
      attrs: recorded.attrs,
    },
    isExpanded: false,
    values: recorded.operands.map(({ shape, data }) => ({ shape, data: rounded(data) })),
    cotangents: recorded.cotangents.map((data, i) => ({
      shape: recorded.results[i]?.shape ?? [],
      data: rounded(data),
    })),
    expected: [...results, ...derivatives],
  };
  const asGraph = { ...asNode, name: `${asNode.name}, expanded`, isExpanded: true, cotangents: [] };
  return op.expand ? [asNode, { ...asGraph, expected: results }] : [asNode];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/edges.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly RecordedCase[];
};

/** All cases; those of derived ops both as one node and expanded. */
export const edgeCases: readonly EdgeCase[] = fixture.cases.flatMap(casesOf);

/** Makes the outputs of a case, by the names of what is expected. */
export function edgeOutputs(b: Builder, each: EdgeCase): Map<string, Node> {
  const { results, operands } = buildSample(b, each);
  const outputs = new Map(results.map((y, i) => [`y${i}`, y]));
  if (each.cotangents.length > 0) {
    const weights = each.cotangents.map(({ shape }, i) => b.input({ name: `u${i}`, dtype: 'f32', shape }));
    const floats = operands.filter((operand) => typeOf(operand).dtype === 'f32');
    const found = gradients(b, pairing(b, results, weights), floats);
    floats.forEach((operand, i) => outputs.set(`g${operands.indexOf(operand)}`, found[i]!));
  }
  return new Map(
    each.expected.map(({ name }) => {
      const y = outputs.get(name)!;
      return [name, typeOf(y).dtype === 'f32' ? y : b.cast(y, { to: 'f32' })];
    }),
  );
}

/** What a method of a case is fed with: what its outputs depend on. */
export function edgeFeeds(each: EdgeCase, { outputs }: Method): Feeds {
  const cotangents = each.cotangents.map(({ data }, i) => [`u${i}`, Float32Array.from(data)] as const);
  const inputs = reachable(outputs.values()).flatMap((node) => (is(input, node) ? [node.attrs.name] : []));
  return Object.fromEntries(
    [...Object.entries(feedsOf(each, each.values)), ...cotangents].filter(([name]) => inputs.includes(name)),
  );
}

/** Makes one program of all cases, a method each. */
export function edgeProgram(): Program {
  const b = new GraphBuilder();
  const methods = edgeCases.map((each, index): Method => ({
    name: methodName(index),
    outputs: edgeOutputs(b, each),
    writes: new Map(),
  }));
  return { variables: [], methods };
}

/** One number of an output, what it should be, and the operands and cotangents at the same place, of those that have its size. */
export interface Place {
  readonly found: number;
  readonly expected: number;
  readonly fed: readonly number[];
}

/** Lists the places of an output where it is not as expected. */
export function differences(
  { values, cotangents }: EdgeCase,
  expected: readonly number[],
  found: ArrayLike<number>,
  isAsExpected: (place: Place) => boolean,
): string[] {
  if (found.length !== expected.length) return [`${found.length} numbers, not ${expected.length}`];
  const alike = [...values, ...cotangents].filter(({ data }) => data.length === expected.length);
  return expected.flatMap((number, i) => {
    const place = { found: found[i]!, expected: number, fed: alike.map(({ data }) => data[i]!) };
    return isAsExpected(place)
      ? []
      : [`${place.found}, not ${number}, at ${i} (fed: ${place.fed.join(', ')})`];
  });
}

/** Tells whether a number is the expected one, within a relative distance; zeros of either sign are one number. */
export function isNear({ found, expected }: Place, tolerance: number): boolean {
  if (Object.is(found + 0, expected + 0)) return true;
  return Number.isFinite(expected) && Math.abs(found - expected) <= tolerance * Math.abs(expected);
}
