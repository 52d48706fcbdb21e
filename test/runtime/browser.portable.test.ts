/** Tests what pages are given beside what test/doors/ shows in one: refusals, frozen weights, instances, pictures. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { variablesOf } from '../../compiler/build/step.ts';
import { check, compile, cpu } from '../../compiler/door.ts';
import { must } from '../../dsl/errors.ts';
import {
  draw,
  labelsByColor,
  labelsById,
  openModel,
  openPainter,
  openSession,
  photoOf,
  runAndRead,
  type Spec,
} from '../../runtime/browser/index.ts';
import { loadPortable } from '../../runtime/engine/portable.ts';
import { fromFloat } from '../../runtime/report/pixels.ts';
import { initialValues } from '../../runtime/session/session.ts';
import { readLibrary } from '../../runtime/specs/read.ts';
import { writeSafetensors } from '../../runtime/weights/safetensors.ts';
import { writeOfficial } from '../../runtime/weights/write-official.ts';

const size = { width: 8, height: 8 };
const pixels = size.width * size.height;

const text = `use norms { spade }
use losses { l1 }
network Painter(seg: LabelMap) -> Image { return seg |> conv(4) |> spade(seg, hidden: 4) |> conv(3) |> tanh }
network Look(x: Image) { return x |> conv(2) as first }

experiment small {
  data made {
    path: "data", images: "photos", labels: "labels", instances: "instances"
    classes: 3, void: [255], size: 8x8, batch: 1
  }
  let G = Painter()
  let V = Look()
  load V from "weights/v.safetensors"
  loss G = l1() + mean(square(V(fake())))
  train {
    steps: 1
    optimize G with adam(rate: 0.01)
  }
}
`;

const labels = Int32Array.from({ length: pixels }, (_, pixel) => pixel % 3);
const instances = Int32Array.from({ length: pixels }, (_, pixel) => 5 + (pixel % size.width > 3 ? 1 : 0));

/** Image data as a canvas gives it: every pixel of one color. */
function imageOfColor(color: readonly number[], { width, height } = size): ImageData {
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => color[i % 4] ?? 255);
  return { width, height, data, colorSpace: 'srgb' };
}

describe('spadework/browser', () => {
  let folder: string;
  let spec: Spec;
  const bytes: Record<'variables' | 'frozen', ArrayBuffer> = {
    variables: new ArrayBuffer(0),
    frozen: new ArrayBuffer(0),
  };

  const bytesOf = (file: string): ArrayBuffer => Uint8Array.from(readFileSync(file)).buffer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spadework-browser-'));
    await loadPortable('wasm');
    const checked = check({ text }, { library: readLibrary() });
    expect(checked.problems).toEqual([]);
    spec = must(checked.spec, 'the text is right');
    const values = initialValues(variablesOf(spec), 4);
    const valueOf = (name: string) => must(values.get(name), `${name} was drawn`);
    const saved = variablesOf(spec).filter(({ network }) => network === 'G');
    await writeSafetensors(
      join(folder, 'variables.safetensors'),
      saved.map(({ name, type }) => ({ name, shape: type.shape })),
      saved.map(({ name }) => valueOf(name)),
    );
    bytes.variables = bytesOf(join(folder, 'variables.safetensors'));
    const { variables } = must(
      spec.networks.find(({ name }) => name === 'V'),
      'the text has V',
    );
    const own = new Map(variables.map(({ name }) => [name, valueOf(`V.${name}`)]));
    await writeOfficial(variables, own, undefined, join(folder, 'V.safetensors'));
    bytes.frozen = bytesOf(join(folder, 'V.safetensors'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('paints a map with instances as the model does', async () => {
    const painter = await openPainter(tf, spec, { variables: bytes.variables, seed: 1 });
    const model = await openModel(tf, spec, {
      variables: bytes.variables,
      frozen: { V: bytes.frozen },
      steps: 7,
    });
    const picture = await painter.paint({ labels, instances });
    const { outputs } = await model.synthesize({ labels, 'labels.instances': instances });
    const values = must(outputs['picture'], 'synthesis gives a picture').values;
    expect(picture).toEqual(fromFloat(values, size.width, size.height));
    expect(model.steps).toBe(7);
    await painter.dispose();
    await model.dispose();
  });

  it('takes the weights of networks that nothing trains from files of their own', async () => {
    await expect(openModel(tf, spec, { variables: bytes.variables })).rejects.toMatchObject({
      code: 'frozen-weights-missing',
    });
    const model = await openModel(tf, spec, { variables: bytes.variables, frozen: { V: bytes.frozen } });
    const drawn = initialValues(variablesOf(spec), 4);
    for (const [name, { values }] of Object.entries(await model.read()))
      expect(values).toEqual(drawn.get(name));
    await model.dispose();
    const part = join(folder, 'part.safetensors');
    await writeSafetensors(part, [{ name: 'first.bias', shape: [2] }], [new Float32Array(2)]);
    for (const [wrong, code] of [
      [bytes.variables, 'nothing-fits'],
      [bytesOf(part), 'frozen-weights-incomplete'],
    ] as const)
      await expect(openModel(tf, spec, { frozen: { V: wrong } })).rejects.toMatchObject({ code });
  });

  it.each([
    [
      'a page in place of a file',
      () => new TextEncoder().encode('<!doctype html>').buffer,
      'damaged-variables',
    ],
    ['half a file', () => bytes.variables.slice(0, bytes.variables.byteLength / 2), 'damaged-variables'],
    ['another file', () => bytes.frozen, 'checkpoint-of-other-spec'],
  ])('refuses %s', async (_what, variables, code) => {
    await expect(openPainter(tf, spec, { variables: variables(), seed: 1 })).rejects.toMatchObject({
      code,
    });
  });

  it('refuses maps of another size, and ids that are no class', async () => {
    const painter = await openPainter(tf, spec, { variables: bytes.variables, seed: 1 });
    const paint = (wrong: Int32Array) => painter.paint({ labels: wrong, instances });
    await expect(paint(labels.slice(1))).rejects.toMatchObject({ code: 'wrong-length' });
    await expect(paint(labels.map(() => 9))).rejects.toMatchObject({ code: 'unknown-class' });
    await painter.dispose();
  });

  it('names no mapping, which would be a file', async () => {
    const model = await openModel(tf, spec);
    await expect(model.readOfficial({ network: 'G', mapping: 'spade' })).rejects.toMatchObject({
      code: 'named-mapping',
    });
    await model.dispose();
  });

  it('runs programs of its own', async () => {
    const program = compile(spec, { target: cpu, batch: 1, methods: ['synthesize'] });
    const session = openSession(tf, program);
    await session.setVariables(initialValues(program.variables, 4));
    const inputs = { labels, 'labels.edges': new Float32Array(pixels) };
    const outputs = await runAndRead(session, 'synthesize', inputs);
    expect(outputs.get('picture')).toHaveLength(3 * pixels);
    await session.dispose();
  });

  describe('pictures', () => {
    const data = { size, classes: 4, void: [255] };
    const codeOf = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };

    it('become ids by the values of their greys, scaled by nearest neighbor', () => {
      expect(labelsById(imageOfColor([2, 2, 2, 255]), data)).toEqual(new Int32Array(pixels).fill(2));
      const image = imageOfColor([255, 255, 255, 255], { width: 16, height: 4 });
      expect(labelsById(image, data)).toEqual(new Int32Array(pixels).fill(3));
      expect(codeOf(() => labelsById(imageOfColor([1, 2, 2, 255]), data))).toBe('not-grey');
      expect(codeOf(() => labelsById(imageOfColor([77, 77, 77, 255]), data))).toBe('no-such-class');
    });

    it('become ids by the colors of classes', () => {
      const classes = [{ id: 1, name: 'road', color: [9, 8, 7] as const }];
      expect(labelsByColor(imageOfColor([9, 8, 7, 255]), data, classes)).toEqual(
        new Int32Array(pixels).fill(1),
      );
      expect(codeOf(() => labelsByColor(imageOfColor([9, 8, 6, 255]), data, classes))).toBe('no-such-color');
    });

    it('become photos of the size of the data', () => {
      const photo = photoOf(imageOfColor([0, 255, 51, 255]), data);
      expect([...photo.slice(0, 3)]).toEqual([-1, 1, Math.fround(-0.6)]);
      const other = imageOfColor([0, 0, 0, 255], { width: 4, height: 4 });
      expect(codeOf(() => photoOf(other, data))).toBe('wrong-image-size');
    });

    it('need a canvas that nothing else draws on', () => {
      const canvas = { width: 0, height: 0, getContext: () => null } as unknown as OffscreenCanvas;
      const picture = { width: 1, height: 1, data: new Uint8Array(3) };
      expect(codeOf(() => draw(picture, canvas))).toBe('no-canvas-context');
    });
  });
});
