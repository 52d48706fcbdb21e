/** Paints a label map in a page with what a run has learned, on WebAssembly, by `spadework/compiler` and `spadework/browser`. */
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { check } from '../../../compiler/door.ts';
import {
  colorize,
  draw,
  labelsByColor,
  labelsById,
  imageOf,
  openModel,
  openPainter,
  type ClassInfo,
} from '../../../runtime/browser/index.ts';
import { fetchFile, report } from './report.ts';

/** What of a run's `run.json` is read. */
interface RunRecord {
  readonly seed: number;
  readonly tables?: readonly string[];
  readonly data: { readonly classes: readonly ClassInfo[] };
}

/** Decodes a picture of the server. */
async function imageAt(path: string): Promise<ImageData> {
  const bitmap = await createImageBitmap(await (await fetchFile(path)).blob(), {
    colorSpaceConversion: 'none',
  });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  const image = context?.getImageData(0, 0, bitmap.width, bitmap.height);
  if (!image) throw new Error('there is no canvas');
  return image;
}

await report(async () => {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  await tf.setBackend('wasm');
  const { spec, problems } = check({
    name: 'spec.json',
    text: await (await fetchFile('run/spec.json')).text(),
  });
  if (!spec?.data) throw new Error(problems.map(({ rendered }) => rendered).join('\n'));
  const { seed, tables, data } = (await (await fetchFile('run/run.json')).json()) as RunRecord;
  const variables = await (await fetchFile('variables.safetensors')).arrayBuffer();

  const painter = await openPainter(tf, spec, { variables, seed, ...(tables && { tables }) });
  const labels = labelsById(await imageAt('map.png'), painter.data);
  const picture = await painter.paint({ labels, name: 'map' });
  await painter.dispose();
  const legend = colorize(labels, picture.width, picture.height, data.classes);
  for (const one of [legend, picture]) {
    const canvas = document.createElement('canvas');
    document.body.append(canvas);
    draw(one, canvas);
  }

  const model = await openModel(tf, spec, { variables });
  const { outputs } = await model.synthesize({ labels });
  await model.dispose();
  const colored = labelsByColor(imageOf(legend), spec.data, data.classes);
  return {
    backend: tf.getBackend(),
    picture: [...picture.data],
    size: [picture.width, picture.height],
    bytesOfModel: outputs['picture']?.values.length,
    isSameByColor: colored.every((id, pixel) => id === labels[pixel]),
    left: tf.memory().numTensors,
  };
});
