/**
 * Tests the norms that use instances, which have no official code: each equals a norm that has, applied to a map that
 * this file computes in float64.
 */
import { afterAll, expect, it } from 'vitest';
import { openText, type InputDeclaration, type Model, type Tensor } from '../../runtime/index.ts';

const [side, half, classes, channels, pictures] = [16, 8, 3, 4, 2];
const numbers = (count: number, step: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(step * i + 1));
const areas = (across: number, down: number): Int32Array =>
  Int32Array.from({ length: pictures * side * side }, (_, i) => {
    const [n, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return (Math.floor((x + n) / across) + 2 * Math.floor(y / down)) % 6;
  });

const x = numbers(pictures * half * half * channels, 0.7);
const ids = areas(5, 7).map((id) => id % classes);
const instances = areas(3, 5);
/** Lines of one pixel, some of which nearest-neighbor resizing drops. */
const edges = Float32Array.from(ids, (_, i) => Number(i % side === 5 || Math.floor(i / side) % side === 8));

const picture: InputDeclaration = { kind: 'tensor', shape: [half, half, channels] };
const map: InputDeclaration = { kind: 'labels', width: side, height: side, classes, edges: true };
const opened: Model[] = [];
afterAll(() => Promise.all(opened.map((model) => model.dispose())));

async function open(source: string, inputs: Readonly<Record<string, InputDeclaration>>): Promise<Model> {
  const model = await openText(source, { engine: 'portable', network: 'L', inputs });
  opened.push(model);
  return model;
}

/** Requires equal results of two models with equal parameters, whatever blocks these are in. */
async function expectSame(
  ours: Model,
  other: Model,
  found: () => Promise<Tensor>,
  wanted: () => Promise<Tensor>,
): Promise<void> {
  const values = Object.entries(await ours.read());
  const names = other.variables.map(({ name }) => name);
  const last = (name: string): string => name.split('.').slice(-2).join('.');
  for (const [index, [, { values: numbersOf }]] of values.entries())
    numbersOf.set(numbers(numbersOf.length, 0.3 + 0.05 * index));
  await ours.write(Object.fromEntries(values));
  await other.write(
    Object.fromEntries(
      names.map((name) => [name, values.find(([one]) => last(one) === last(name))?.[1].values ?? []]),
    ),
  );
  const [a, b] = [await found(), await wanted()];
  expect(a.shape).toEqual(b.shape);
  expect(Math.max(...a.values.map((value, i) => Math.abs(value - b.values[i]!)))).toBeLessThan(1e-5);
  expect(Math.max(...a.values.map(Math.abs))).toBeGreaterThan(0.1);
}

it('edge_aware_spade is SPADE over a map whose edges are max-pooled', async () => {
  const ours = await open(
    'use norms { edge_aware_spade, instance }\nnetwork L(x: Image, seg: LabelMap) { return x |> edge_aware_spade(seg, base: instance, hidden: 5) as layer }',
    { x: picture, seg: map },
  );
  const other = await open(
    'use norms { spade, instance }\nnetwork L(x: Image, seg: Image) { return x |> spade(seg, base: instance, hidden: 5) as layer }',
    { x: picture, seg: { kind: 'tensor', shape: [half, half, classes + 1] } },
  );
  const seg = new Float32Array(pictures * half * half * (classes + 1));
  for (let i = 0; i < pictures * half * half; i++) {
    const [n, row, column] = [Math.floor(i / half ** 2), Math.floor(i / half) % half, i % half];
    const at = (dy: number, dx: number): number => (n * side + 2 * row + dy) * side + 2 * column + dx;
    seg[i * (classes + 1) + ids[at(0, 0)]!] = 1;
    seg[i * (classes + 1) + classes] = Math.max(
      edges[at(0, 0)]!,
      edges[at(0, 1)]!,
      edges[at(1, 0)]!,
      edges[at(1, 1)]!,
    );
  }
  await expectSame(
    ours,
    other,
    async () =>
      (await ours.forward('L', { x, seg: ids, 'seg.edges': edges }, { batch: pictures })).outputs['output']!,
    async () => (await other.forward('L', { x, seg }, { batch: pictures })).outputs['output']!,
  );
});

it('positional_clade is CLADE over distances to the centers of instances', async () => {
  const ours = await open(
    'use norms { positional_clade, instance }\nnetwork L(x: Image, seg: LabelMap) { return x |> positional_clade(seg, base: instance) as layer }',
    { x: picture, seg: map },
  );
  const other = await open(
    'use norms { clade, instance }\nnetwork L(x: Image, seg: LabelMap, at: Image) { return x |> clade(seg, base: instance, positions: at) as layer }',
    { x: picture, seg: map, at: { kind: 'tensor', shape: [side, side, 2] } },
  );
  const at = new Float32Array(pictures * side * side * 2);
  const sums = new Map<string, [count: number, y: number, x: number]>();
  const keyOf = (i: number): string => `${Math.floor(i / side ** 2)}/${instances[i]}`;
  const placeOf = (i: number): [number, number] => [
    ((Math.floor(i / side) % side) + 0.5) / side,
    ((i % side) + 0.5) / side,
  ];
  for (let i = 0; i < instances.length; i++) {
    const [count, y, sum] = sums.get(keyOf(i)) ?? [0, 0, 0];
    const [row, column] = placeOf(i);
    sums.set(keyOf(i), [count + 1, y + row, sum + column]);
  }
  for (let i = 0; i < instances.length; i++) {
    const [count, y, sum] = sums.get(keyOf(i))!;
    const [row, column] = placeOf(i);
    at.set([row - y / count, column - sum / count], 2 * i);
  }
  const feeds = { x, seg: ids, 'seg.edges': edges };
  await expectSame(
    ours,
    other,
    async () =>
      (await ours.forward('L', { ...feeds, 'seg.instances': instances }, { batch: pictures })).outputs[
        'output'
      ]!,
    async () => (await other.forward('L', { ...feeds, at }, { batch: pictures })).outputs['output']!,
  );
});
