/**
 * Writes event files of TensorBoard: records framed as TFRecord (length, content, both with a masked CRC-32C), each an
 * `Event` message. The definitions are the part of TensorFlow's public `core/util/event.proto` and
 * `core/framework/summary.proto` that we write.
 */
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { crc32c } from '../base/crc.ts';
import { readStart } from '../base/files.ts';
import { makeFolder } from '../base/make-folder.ts';

const definitions = `
syntax = "proto3";
message Event {
  double wall_time = 1; int64 step = 2;
  oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
}
message SessionLog { int32 status = 1; }
message Summary {
  message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
  message Value { string tag = 1; oneof value { float simple_value = 2; Image image = 4; HistogramProto histo = 5; } }
  repeated Value value = 1;
}
message HistogramProto {
  double min = 1; double max = 2; double num = 3; double sum = 4; double sum_squares = 5;
  repeated double bucket_limit = 6 [packed = true]; repeated double bucket = 7 [packed = true];
}
`;

const eventType = protobuf.parse(definitions, { keepCase: true }).root.lookupType('Event');

/** `SessionLog.START`: readers drop earlier values of its step and of later steps. */
const sessionStart = 1;
const fileVersion = 'brain.Event:2';
const fileName = /^events\.out\.tfevents\.(\d+)\./;

/** A value under a tag, as TensorBoard shows it. */
export type EventValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: Histogram }
  /** The bytes of a PNG of RGB. */
  | { readonly tag: string; readonly png: Uint8Array };

/** Counts of values in buckets with increasing limits; the first bucket has no lower limit. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** Writes the values of steps to a new event file. */
export class EventWriter {
  private readonly file: number;

  /**
   * Begins a file in `folder` whose first step is `first`. Readers take files in the order of their names, and drop the
   * values of repeated steps in earlier files.
   */
  constructor(folder: string, first: number) {
    makeFolder(folder);
    const seconds = readdirSync(folder).map((name) => Number(fileName.exec(name)?.[1] ?? 0));
    const begin = Math.max(Math.floor(Date.now() / 1000), ...seconds.map((second) => second + 1));
    const name = `events.out.tfevents.${String(begin).padStart(10, '0')}.${hostname()}.${process.pid}`;
    this.file = openSync(join(folder, name), 'w');
    this.append({ file_version: fileVersion });
    this.append({ step: first, session_log: { status: sessionStart } });
  }

  /** Writes the values of a step; they are in the file when this returns. */
  write(step: number, values: readonly EventValue[]): void {
    this.append({ step, summary: { value: values.map(encodeValue) } });
  }

  close(): void {
    closeSync(this.file);
  }

  private append(event: object): void {
    const message = eventType.fromObject({ wall_time: Date.now() / 1000, ...event });
    writeSync(this.file, frame(eventType.encode(message).finish()));
  }
}

function encodeValue(value: EventValue): object {
  const { tag } = value;
  if ('scalar' in value) return { tag, simple_value: value.scalar };
  if ('png' in value)
    return { tag, image: { ...sizeOfPng(value.png), colorspace: 3, encoded_image_string: value.png } };
  const { min, max, count, sum, sumOfSquares, limits, counts } = value.histogram;
  return {
    tag,
    histo: { min, max, num: count, sum, sum_squares: sumOfSquares, bucket_limit: limits, bucket: counts },
  };
}

/** Reads the size from a PNG's first chunk, which starts at byte 16. */
function sizeOfPng(png: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Tells whether a file begins as event files do, with the length of a record and its checksum. */
export function isEventFile(file: string): boolean {
  const head = readStart(file, 12);
  if (head === undefined || head.length < 12) return false;
  return head.readUInt32LE(8) === masked(crc32c(head.subarray(0, 8)));
}

/** Frames a record: its length as 8 bytes, their checksum, the content, its checksum; all little endian. */
function frame(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(content.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(content, 12);
  view.setUint32(12 + content.length, masked(crc32c(content)), true);
  return record;
}

/** TFRecord's mask, which makes checksums of checksums safe: rotated right by 15 bits, plus a constant. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/**
 * Limits of buckets grow by this factor from the smallest one, on both sides of zero (TensorFlow's default buckets).
 */
const growth = 1.1;
const smallestLimit = 1e-12;
/** The bucket above the largest float32. */
const lastBucket = 1222;

/** Counts values into a histogram incrementally; skips those that are not finite. */
export class HistogramCounter {
  /** Counts by bucket, from the lowest one. */
  private readonly counts = new Float64Array(2 * lastBucket + 1);
  private total = 0;
  private sum = 0;
  private sumOfSquares = 0;
  private min = Infinity;
  private max = -Infinity;

  add(values: Float32Array): void {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      this.counts[lastBucket + bucketOf(value)]! += 1;
      this.total++;
      this.sum += value;
      this.sumOfSquares += value * value;
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
  }

  /** Gives the histogram; undefined if nothing was counted. */
  histogram(): Histogram | undefined {
    if (this.total === 0) return undefined;
    // The empty bucket below a full one is written as well; otherwise the full one would extend down to the previous
    // limit.
    const edges = [...this.counts.entries()].filter(
      ([index, count]) => count > 0 || (this.counts[index + 1] ?? 0) > 0,
    );
    return {
      min: this.min,
      max: this.max,
      count: this.total,
      sum: this.sum,
      sumOfSquares: this.sumOfSquares,
      limits: edges.map(([index]) => upperLimit(index - lastBucket)),
      counts: edges.map(([, count]) => count),
    };
  }
}

/** Numbers buckets: 0 around zero, n > 0 up to the n-th limit above it, mirrored below zero. */
function bucketOf(value: number): number {
  const size = Math.abs(value);
  if (size < smallestLimit) return 0;
  const steps = 1 + Math.floor(Math.log(size / smallestLimit) / Math.log(growth));
  return value > 0 ? steps : -steps;
}

function upperLimit(bucket: number): number {
  return bucket >= 0 ? smallestLimit * growth ** bucket : -smallestLimit * growth ** (-bucket - 1);
}
