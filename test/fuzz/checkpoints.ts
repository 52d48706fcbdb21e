/**
 * Makes damaged and hostile checkpoints, each a pure function of a seed and an index, and reads them in this process.
 * Reading must end in tensors or in a SpadeworkError; anything else is a bug.
 */
import { SpadeworkError } from '../../dsl/errors.ts';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openWeights } from '../../runtime/weights/file.ts';
import { Meter } from '../../runtime/weights/limits.ts';
import {
  name,
  op,
  safetensors,
  storage,
  tensor,
  text,
  tuple,
  zip,
  type Entry,
} from '../runtime/weights/pickles.ts';
import { Choices } from './choices.ts';

/** A checkpoint on disk. */
export interface FuzzedCheckpoint {
  /** A file name with the ending of its format. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The applied damage. */
  readonly what: string;
}

/** The outcome of reading a checkpoint, and its cost (as counted by runtime/weights/limits.ts). */
export interface CheckpointOutcome {
  /** `tensors`: all were read; `refused`: a SpadeworkError gave the reason. */
  readonly kind: 'tensors' | 'refused';
  readonly said: string;
  readonly cost: Pick<Meter, 'built' | 'unpacked' | 'taken'>;
}

const fixtures = fileURLToPath(new URL('../fixtures/weights/', import.meta.url));

/** Makes the checkpoint of a seed and an index. */
export function fuzzedCheckpoint(seed: number, index: number): FuzzedCheckpoint {
  const choices = new Choices('checkpoint', seed, index);
  const [what, make] = choices.of(kinds);
  return { ...make(choices), what };
}

/** Writes a checkpoint into `folder` and reads all its tensors. Throws errors that are not SpadeworkErrors. */
export async function readFuzzedCheckpoint(
  folder: string,
  { name: file, bytes }: FuzzedCheckpoint,
): Promise<CheckpointOutcome> {
  const path = join(folder, file);
  writeFileSync(path, bytes);
  const cost = new Meter();
  try {
    const opened = await openWeights(path, cost);
    for (const tensorName of opened.tensors.keys()) opened.read(tensorName);
    return { kind: 'tensors', said: `${opened.tensors.size} tensors`, cost };
  } catch (error) {
    if (!(error instanceof SpadeworkError)) throw error;
    return { kind: 'refused', said: error.message, cost };
  }
}

type Made = Omit<FuzzedCheckpoint, 'what'>;
type Kind = readonly [what: string, make: (choices: Choices) => Made];

let bases: readonly Made[] | undefined;

/** Gives an undamaged checkpoint; the hostile fixtures are excluded. */
function base(choices: Choices): Made {
  bases ??= [
    ...readdirSync(fixtures)
      .filter((file) => file.endsWith('.pth'))
      .sort()
      .map((file) => ({ name: file, bytes: readFileSync(join(fixtures, file)) })),
    ...[1, 3].map((count) => ({
      name: `${count}.safetensors`,
      bytes: safetensors(headerOf(count), new Uint8Array(16 * count)),
    })),
  ];
  return choices.of(bases);
}

function headerOf(count: number): Record<string, object> {
  const entry = (i: number): object => ({ dtype: 'F32', shape: [2, 2], data_offsets: [16 * i, 16 * i + 16] });
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`layer_${i}.weight`, entry(i)]));
}

/** Numbers at the limits of lengths and offsets. */
const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 2 ** 64 - 1];

function withEdges(choices: Choices, bytes: Uint8Array): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = choices.few(4); i > 0; i--) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Math.min(choices.of(edges), 2 ** 63)));
    changed.set(
      length.subarray(0, Math.min(choices.of([1, 2, 4, 8]), changed.length)),
      choices.below(Math.max(1, changed.length - 8)),
    );
  }
  return changed;
}

function withBytes(choices: Choices, bytes: Uint8Array): Buffer {
  const changed = Buffer.from(bytes);
  if (changed.length > 0)
    for (let i = choices.few(8); i > 0; i--) changed[choices.below(changed.length)] = choices.below(256);
  return changed;
}

/** Removes a piece, or inserts it again elsewhere, once or often. */
function withPiece(choices: Choices, bytes: Uint8Array): Buffer {
  const start = choices.below(bytes.length + 1);
  const piece = bytes.subarray(start, start + choices.few(200));
  const at = choices.below(bytes.length + 1);
  switch (choices.below(3)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + piece.length)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    default: {
      const often = Buffer.alloc(piece.length * choices.of([10, 1000, 20_000]), piece);
      return Buffer.concat([bytes.subarray(0, at), often, bytes.subarray(at)]);
    }
  }
}

/** Instructions that a hostile pickle repeats, nests and mixes. */
const parts: readonly Uint8Array[] = [
  ...Object.values(op).filter((one) => one instanceof Uint8Array),
  ...[0x32, 0x29, 0x81, 0x88, 0x8f, 0x90, 0x91, 0x94, 0x85, 0x86, 0x87, 0x52, 0x51, 0x6f, 0x92].map((code) =>
    Uint8Array.of(code),
  ),
  op.put(0),
  op.get(0),
  text('weight'),
  text(''),
  tensor({}),
  tensor({ shape: [1000, 1000], strides: [0, 0] }),
  tensor({ shape: [2, 2], strides: [1, 1] }),
  storage(),
  storage({ key: '../1' }),
  tuple(text('storage')),
  name('collections', 'OrderedDict'),
  name('os', 'system'),
  Uint8Array.of(0x8a, 17, ...new Uint8Array(17)),
  Uint8Array.of(0x8e, 255, 255, 255, 255, 255, 255, 255, 255),
];

function hostilePickle(choices: Choices): Uint8Array {
  const made: Uint8Array[] = [Uint8Array.of(0x80, 2)];
  for (let i = choices.few(40); i > 0; i--) {
    const part = choices.of(parts);
    const times = choices.below(6) === 0 ? choices.of([2, 100, 100_000]) : 1;
    made.push(Buffer.alloc(part.length * times, part));
  }
  if (choices.below(4) > 0) made.push(op.mark, text('w'), tensor({}), op.setItems);
  return Buffer.concat([...made, Uint8Array.of(0x2e)]);
}

function archiveOf(choices: Choices, pickled: Uint8Array): Uint8Array {
  const isDeflated = choices.below(2) === 0;
  const entries: Entry[] = [
    { path: 'a/data.pkl', content: pickled, isDeflated },
    { path: 'a/data/0', content: new Uint8Array(16), isDeflated: choices.below(3) === 0 },
    { path: 'a/data/1', content: new Uint8Array(16), ...(choices.below(3) === 0 && { as: 'a/data/0' }) },
    { path: 'a/byteorder', content: Buffer.from(choices.of(['little', 'big', 'middle'])) },
  ];
  return zip(entries.filter(() => choices.below(12) > 0));
}

/** Wrong values for a header. */
const oddities: readonly unknown[] = [
  null,
  -1,
  0.5,
  2 ** 53,
  'F32',
  [],
  {},
  [1, 2, 3],
  [[]],
  '__proto__',
  [2 ** 31, 2 ** 31],
  true,
];

function hostileHeader(choices: Choices): Uint8Array {
  const count = choices.few(5);
  const header = headerOf(count);
  for (let i = choices.few(3); i > 0; i--) {
    const entry = choices.of(Object.values(header));
    Object.assign(entry, {
      [choices.of(['dtype', 'shape', 'data_offsets', 'x', '__proto__'])]: choices.of(oddities),
    });
    if (choices.below(5) === 0)
      header[choices.of(['__metadata__', '__proto__', '', 'layer_0.weight.'])] = entry;
  }
  const content = JSON.stringify(header);
  const nested =
    choices.below(8) === 0 ? content.replace('[', '['.repeat(choices.of([10, 100_000]))) : content;
  const values = new Uint8Array(Math.max(0, 16 * count - choices.below(2) * choices.below(20)));
  return safetensors(choices.below(6) === 0 ? `${nested}${nested}` : nested, values);
}

const kinds: readonly Kind[] = [
  ['as it is', base],
  ['bytes changed', (choices) => onBase(choices, withBytes)],
  ['lengths and places changed', (choices) => onBase(choices, withEdges)],
  ['a piece lost or repeated', (choices) => onBase(choices, withPiece)],
  [
    'cut off',
    (choices) =>
      onBase(choices, (_, bytes) => Buffer.from(bytes.subarray(0, choices.below(bytes.length + 1)))),
  ],
  ['two joined', (choices) => onBase(choices, (_, bytes) => Buffer.concat([bytes, base(choices).bytes]))],
  ['hostile pickle', (choices) => ({ name: 'made.pth', bytes: archiveOf(choices, hostilePickle(choices)) })],
  ['hostile pickle, older layout', (choices) => ({ name: 'made.legacy.pth', bytes: olderLayout(choices) })],
  ['hostile header', (choices) => ({ name: 'made.safetensors', bytes: hostileHeader(choices) })],
];

function onBase(choices: Choices, damage: (choices: Choices, bytes: Uint8Array) => Buffer): Made {
  const { name: file, bytes } = base(choices);
  return { name: file, bytes: damage(choices, bytes) };
}

/** Replaces one of the first pickles of the older layout by a hostile one. */
function olderLayout(choices: Choices): Uint8Array {
  const whole = readFileSync(join(fixtures, 'plain.legacy.pth'));
  // The size of the magic number and the protocol.
  const start = choices.of([0, 15, 20]);
  return Buffer.concat([
    whole.subarray(0, start),
    hostilePickle(choices),
    whole.subarray(choices.below(whole.length)),
  ]);
}
