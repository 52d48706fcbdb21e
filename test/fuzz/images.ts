/**
 * Makes damaged and odd pictures, each a pure function of a seed and its index, and reads them like `data check`, in
 * this process. Reading must end in a picture or in a fault; anything else is a bug.
 */
import { describeDiagnostic } from '../../dsl/diagnostic.ts';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { sampleProblems, type Meaning } from '../../runtime/data/problems.ts';
import { sampleReader } from '../../runtime/data/sample.ts';
import { Choices } from './choices.ts';

/** A picture on disk. */
export interface FuzzedImage {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The outcome of reading a picture. */
export interface ImageOutcome {
  /** `picture`: it was decoded, at least as a photo; `refused`: it was not, with a SpadeworkError. */
  readonly kind: 'picture' | 'refused';
  /** The messages of errors and warnings. */
  readonly said: readonly string[];
}

/** Boundary values. */
const edges = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 127, 128, 254, 255, 256, 0x7fff, 0xffff, 50000, 0x7fffffff, 0xffffffff,
];

type Maker = (choices: Choices) => Promise<Buffer> | Buffer;

/** Makes a valid picture to damage. */
const soundPicture: Maker = async (choices) => {
  const [width, height] = [1 + choices.below(40), 1 + choices.below(40)];
  const channels = choices.of([1, 2, 3, 4] as const);
  const few = choices.of([2, 4, 256]);
  const pixels = Uint8Array.from({ length: width * height * channels }, () => choices.below(few));
  const raw = sharp(pixels, { raw: { width, height, channels } });
  const tagged = choices.below(3) === 0 ? raw.withMetadata({ orientation: 1 + choices.below(8) }) : raw;
  const isInterlaced = choices.below(2) === 0;
  switch (choices.of(['png', 'grey', 'palette', 'deep', 'jpeg', 'cmyk', 'webp', 'lossless', 'gif', 'tiff'])) {
    case 'png':
      return tagged.png({ progressive: isInterlaced }).toBuffer();
    case 'grey':
      return tagged.toColourspace('b-w').png({ progressive: isInterlaced }).toBuffer();
    case 'palette':
      return tagged.png({ palette: true, progressive: isInterlaced }).toBuffer();
    case 'deep':
      return tagged.toColourspace('rgb16').png().toBuffer();
    case 'jpeg':
      return tagged.jpeg({ progressive: isInterlaced, quality: 1 + choices.below(100) }).toBuffer();
    case 'cmyk':
      return tagged.toColourspace('cmyk').jpeg().toBuffer();
    case 'webp':
      return tagged.webp({ effort: 0 }).toBuffer();
    case 'lossless':
      return tagged.webp({ lossless: true, effort: 0 }).toBuffer();
    case 'gif':
      return tagged.gif({ effort: 1 }).toBuffer();
    default:
      return tagged.tiff({ compression: choices.of(['none', 'lzw', 'deflate', 'jpeg']) }).toBuffer();
  }
};

/** Makes a PNG chunk, possibly with a wrong length or checksum. */
function chunk(choices: Choices, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(choices.below(12) === 0 ? choices.of(edges) : data.length);
  sum.writeUInt32BE(choices.below(12) === 0 ? choices.of(edges) : crc32(body));
  return Buffer.concat([length, body, sum]);
}

/**
 * Makes a PNG from bytes: odd depths, color types and sizes, and too few or too many pixels, or a high compression
 * ratio.
 */
const handMade: Maker = (choices) => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(choices.below(3) === 0 ? choices.of(edges) : 1 + choices.below(64), 0);
  header.writeUInt32BE(choices.below(3) === 0 ? choices.of(edges) : 1 + choices.below(64), 4);
  const [depth, colorType] = [
    choices.of([1, 2, 4, 8, 16, 3, 0, 255]),
    choices.of([0, 2, 3, 4, 6, 1, 5, 255]),
  ];
  header.set([depth, colorType, choices.of([0, 0, 1]), choices.of([0, 0, 1]), choices.of([0, 0, 1, 9])], 8);
  const unpacked = choices.of([0, 1, 64, 4096, 65536, 2 ** 22]);
  const noise = Buffer.alloc(choices.below(512), choices.below(256));
  const pixels = deflateSync(Buffer.concat([noise, Buffer.alloc(unpacked)]));
  const more = [
    'PLTE',
    'tRNS',
    'gAMA',
    'acTL',
    'iCCP',
    'eXIf',
    'sRGB',
    'zTXt',
    'IDAT',
    'XXXX',
    'IHDR',
  ].filter(() => choices.below(4) === 0);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk(choices, 'IHDR', header),
    ...more.map((type) =>
      chunk(choices, type, Buffer.alloc(choices.of([0, 1, 3, 4, 8, 768, 1024]), choices.below(256))),
    ),
    chunk(choices, 'IDAT', pixels),
    ...(choices.below(5) === 0 ? [] : [chunk(choices, 'IEND', Buffer.alloc(0))]),
  ]);
};

/** Bytes that begin like a picture. */
const garbage: Maker = (choices) => {
  const start = choices.of([
    '',
    '\xff\xd8\xff\xe0',
    '\x89PNG\r\n\x1a\n',
    'RIFF\0\0\0\0WEBPVP8 ',
    'GIF89a',
    'II*\0',
    'MM\0*',
    '<svg',
    'BM',
  ]);
  const rest = Buffer.from(Array.from({ length: choices.below(200) }, () => choices.below(256)));
  return Buffer.concat([Buffer.from(start, 'latin1'), rest]);
};

type Damage = (bytes: Buffer, choices: Choices) => Buffer;

/** Ways to damage a picture. */
const damages: readonly Damage[] = [
  (bytes) => bytes,
  (bytes, choices) => bytes.subarray(0, choices.below(bytes.length + 1)),
  (bytes, choices) => changed(bytes, choices, 1 + choices.below(8), bytes.length),
  (bytes, choices) => changed(bytes, choices, 1 + choices.below(4), Math.min(64, bytes.length)),
  (bytes, choices) => {
    const [at, length] = [choices.below(bytes.length), choices.below(64)];
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + length))]);
  },
  (bytes, choices) => {
    const [at, from] = [choices.below(bytes.length), choices.below(bytes.length)];
    const part = bytes.subarray(from, from + choices.below(64));
    return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
  },
  (bytes, choices) => {
    const copy = Buffer.from(bytes);
    if (copy.length >= 4) copy.writeUInt32BE(choices.of(edges), choices.below(copy.length - 3));
    return copy;
  },
];

function changed(bytes: Buffer, choices: Choices, count: number, below: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < count && below > 0; i++) copy[choices.below(below)] = choices.below(256);
  return copy;
}

/** Makes the picture of an index: a pure function of seed and index. */
export async function fuzzedImage(seed: number, index: number): Promise<FuzzedImage> {
  const choices = new Choices('image', seed, index);
  const make = choices.of([soundPicture, soundPicture, soundPicture, handMade, handMade, garbage]);
  const bytes = await make(choices);
  const damage = choices.of(damages);
  const ending = choices.of(['png', 'png', 'jpg', 'jpeg', 'webp', 'PNG']);
  return { name: `${index}.${ending}`, bytes: bytes.length > 0 ? damage(bytes, choices) : bytes };
}

const classes = [0, 1, 2, 3].map((id) => ({ id, name: `class ${id}`, color: [id * 80, 0, 0] as const }));
const values = classes.map(({ id }) => [id, id] as const);
/**
 * Ways to read a picture: as a photo, a map of ids or colors, or both halves of a pair, with or without orientation.
 */
const readings: readonly (Meaning & { readonly photoHalf?: 'left' | 'right' })[] = [
  { classes, coding: { values } },
  { classes, coding: { values, colors: { classes, distance: 0 } }, isTurned: true },
  { classes, coding: { values, colors: { classes, distance: 500 } }, photoHalf: 'left', isTurned: true },
  { classes, coding: { values }, photoHalf: 'right' },
];
const size = { width: 16, height: 16 };

/**
 * Reads a picture as photo, label map and instance map, in one of the ways, selected by its length. Throws only for a
 * bug: a picture that is refused without a fault, or by another error.
 */
export async function readFuzzed({ name, bytes }: FuzzedImage): Promise<ImageOutcome> {
  const reading = readings[bytes.length % readings.length]!;
  const pair = { name, label: name, image: name, instances: name };
  const found = await sampleReader(reading).examine(pair, size, () => Promise.resolve(bytes));
  const { errors, warnings } = sampleProblems(found.findings, reading);
  if (found.sample === undefined && errors.length === 0) throw new Error(`${name} is refused without a word`);
  const isRefused = found.findings.faults.some(
    (fault) => fault.kind === 'undecoded' && (fault.role === 'photos' || fault.role === 'paired pictures'),
  );
  return { kind: isRefused ? 'refused' : 'picture', said: [...errors, ...warnings].map(describeDiagnostic) };
}
