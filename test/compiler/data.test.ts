/** Tests the settings of data: presets, values of label maps, and derived settings. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { specSchema } from '../../compiler/schema/spec.ts';
import { classOfValue, labelValues, lastClassIsVoid, voidIds } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { dataPresets } from '../../runtime/specs/read.ts';
import { specOf } from '../support/specs.ts';

/** Gives the data of an experiment with these settings. */
function dataOf(settings: string): DataSpec {
  const spec = specOf(`network Painter(seg: LabelMap) -> Image {
    return seg |> conv(3) |> tanh
  }
  experiment one {
    data some { path: "data", ${settings} }
    let G = Painter()
    loss G = mean(abs(fake() - real()))
    train { steps: 1 optimize G with adam(rate: 1e-4) }
  }`);
  if (!spec.data) throw new Error('no data');
  return spec.data;
}

const folders = 'images: "a", labels: "b", size: 8x8, batch: 1';

describe('the values of label maps', () => {
  it('are classes from 0 on, unless told', () => {
    const data = dataOf(`${folders}, classes: 3`);
    expect(labelValues(data)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(voidIds(data)).toEqual([]);
  });

  it('may be void and a class all the same, as 11 of CamVid is', () => {
    const data = dataOf(`${folders}, classes: 12, void: 11`);
    expect([classOfValue(data, 11), lastClassIsVoid(data), voidIds(data)]).toEqual([11, false, [11]]);
    expect(labelValues(data)).toHaveLength(12);
  });

  it('become the last class where they are void and no class, as 255 of COCO-Stuff does', () => {
    const data = dataOf(`${folders}, classes: 183, void: 255`);
    expect([181, 182, 255, 254].map((value) => classOfValue(data, value))).toEqual([
      181,
      undefined,
      182,
      undefined,
    ]);
    expect(voidIds(data)).toEqual([182]);
  });

  it('may start at another number, as those of ADE20K do at 1 with 0 for void', () => {
    const data = dataOf(`${folders}, classes: 151, ids_from: 1, void: 0`);
    expect([0, 1, 150, 151].map((value) => classOfValue(data, value))).toEqual([150, 0, 149, undefined]);
    expect(voidIds(data)).toEqual([150]);
  });

  it('may be void in number, within the classes and without', () => {
    const data = dataOf(`${folders}, classes: 5, void: [0, 2, 255, 254]`);
    expect([0, 2, 254, 255, 4].map((value) => classOfValue(data, value))).toEqual([0, 2, 4, 4, undefined]);
    expect(voidIds(data)).toEqual([0, 2, 4]);
  });
});

describe('presets', () => {
  const presets = dataPresets();

  it.each(Object.keys(presets))('are whole but for the path: %s', (name) => {
    const data = dataOf(`preset: "${name}"`);
    expect(data).toMatchObject({ ...presets[name], name: 'some', path: 'data', preset: name });
  });

  it('give way to what is written, and none takes a setting away', () => {
    const data = dataOf(
      'preset: "cityscapes", images: "train_img", size: 64x32, test_images: none, test_labels: none, test_instances: none',
    );
    expect(data).toMatchObject({
      images: 'train_img',
      labels: 'gtFine/train',
      size: { width: 64, height: 32 },
    });
    expect(Object.keys(data).filter((key) => key.startsWith('test_'))).toEqual([]);
  });
});

describe('folders', () => {
  it('of paired pictures are named once', () => {
    const data = dataOf(
      'images: "train", test_images: "test", paired: "photo_left", classes: 3, size: 8x8, batch: 1',
    );
    expect(data).toMatchObject({ labels: 'train', test_labels: 'test' });
  });

  it('of pairs to test on are those of the others where lists tell them apart', () => {
    const data = dataOf(`${folders}, instances: "c", classes: 3, list: "train.txt", test_list: "test.txt"`);
    expect(data).toMatchObject({ test_images: 'a', test_labels: 'b', test_instances: 'c' });
    expect(dataOf(`${folders}, classes: 3, test_list: "test.txt"`)).toMatchObject({ test_labels: 'b' });
  });
});

describe('the pages', () => {
  const read = (page: string): string => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');

  it('show data that is accepted', () => {
    const examples = [...read('data.md').matchAll(/^ {4}data \w+ \{([^}]*)\}/gm)].map(
      ([, settings]) => settings!,
    );
    expect(examples.length).toBeGreaterThan(4);
    const needed = { images: '"i"', labels: '"l"', classes: '3', size: '8x8', batch: '1' };
    for (const example of examples) {
      const written = example.replaceAll(/…,?|path: "[^"]*",?/g, ' ');
      const isWritten = (name: string): boolean => new RegExp(`\\b${name}:`).test(written);
      const missing = Object.entries(needed).filter(([name]) => !isWritten(name) && !isWritten('preset'));
      const rest = missing.map(([name, value]) => `${name}: ${value}`);
      expect(() => dataOf([written, ...rest].join('\n')), example).not.toThrow();
    }
  });

  it('name every setting of data', () => {
    const schema = specSchema as { properties: { data: { properties: Record<string, unknown> } } };
    const page = read('language.md');
    const rows = page.slice(page.indexOf('### Data\n'), page.indexOf('### Losses\n'));
    const settings = Object.keys(schema.properties.data.properties).filter((name) => name !== 'name');
    expect(settings.filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
  });
});
