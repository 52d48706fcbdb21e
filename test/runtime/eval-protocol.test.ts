/** Tests evaluation protocols: their digests, and the description of differences. */
import { expect, it } from 'vitest';
import { comparable, protocolIdOf, canonicalJson } from '../../runtime/evaluate/protocol.ts';
import type { Protocol } from '../../runtime/evaluate/record.ts';

const protocol: Protocol = {
  version: 1,
  imageSet: '0123456789abcdef',
  maps: 6,
  size: { width: 160, height: 128 },
  resizeFilter: 'lanczos3',
  classes: 12,
  voidIds: [11],
  judges: { segmenter: { name: 'unet', sha256: 'aaaaaaaaaaaaaaaa' } },
  styles: 1,
  seed: 0,
};
const differing = (other: Partial<Protocol>): string[] =>
  comparable([{ protocol }, { protocol: { ...protocol, ...other } }]);

it('a digest does not depend on the order in which a protocol is written', () => {
  const reversed = Object.fromEntries(Object.entries(protocol).reverse()) as unknown as Protocol;
  expect(protocolIdOf(reversed)).toBe(protocolIdOf(protocol));
  expect(canonicalJson({ b: [2, { d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[2,{"c":null,"d":1}]}');
});

it('every part of a protocol changes its digest', () => {
  const others: readonly Partial<Protocol>[] = [
    { version: 2 },
    { imageSet: 'f' },
    { maps: 7 },
    { size: { width: 128, height: 160 } },
    { resizeFilter: 'nearest' },
    { classes: 11 },
    { voidIds: [] },
    { judges: {} },
    { styles: 2 },
    { seed: 1 },
  ];
  const ids = others.map((other) => protocolIdOf({ ...protocol, ...other }));
  expect(new Set([protocolIdOf(protocol), ...ids]).size).toBe(others.length + 1);
  for (const other of others) expect(differing(other), Object.keys(other).join()).toHaveLength(1);
});

it('evaluations under one protocol can be compared', () => {
  expect(differing({})).toEqual([]);
  expect(comparable([])).toEqual([]);
});

it('says each difference in words', () => {
  expect(differing({ size: { width: 256, height: 256 }, voidIds: [] })).toEqual([
    'size of the pictures: 160x128 | 256x256',
    'classes that count nowhere: 11 | none',
  ]);
  expect(differing({ judges: { segmenter: { name: 'unet', sha256: 'bbbbbbbbbbbbbbbb' } } })).toEqual([
    'networks that are looked through: segmenter unet (aaaaaaaaaaaa), features none, perceptual none | ' +
      'segmenter unet (bbbbbbbbbbbb), features none, perceptual none',
  ]);
});
