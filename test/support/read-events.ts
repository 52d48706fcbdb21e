/** Reads event files with an independent reader: records with checksums, messages, and steps dropped by a restart. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const schema = `
syntax = "proto3";
message Event {
  double wall_time = 1; int64 step = 2;
  string file_version = 3; Summary summary = 5; SessionLog session_log = 7;
}
message SessionLog { int32 status = 1; }
message Summary { repeated Value value = 1; }
message Value { string tag = 1; optional float simple_value = 2; Image image = 4; Histogram histo = 5; }
message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
message Histogram {
  double min = 1; double max = 2; double num = 3; double sum = 4; double sum_squares = 5;
  repeated double bucket_limit = 6; repeated double bucket = 7;
}
`;
const eventType = protobuf.parse(schema, { keepCase: true }).root.lookupType('Event');

/** One value of an event file. */
export interface ReadValue {
  readonly tag: string;
  readonly step: number;
  readonly simple_value?: number;
  readonly image?: {
    readonly height: number;
    readonly width: number;
    readonly encoded_image_string: Uint8Array;
  };
  readonly histo?: {
    readonly min: number;
    readonly max: number;
    readonly num: number;
    readonly sum: number;
    readonly bucket_limit: readonly number[];
    readonly bucket: readonly number[];
  };
}

interface ReadEvent {
  readonly step?: number;
  readonly file_version?: string;
  readonly session_log?: { readonly status: number };
  readonly summary?: { readonly value?: readonly Omit<ReadValue, 'step'>[] };
}

/** Computes CRC-32C bit by bit from its definition. */
export function slowChecksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) {
      const low = (rest ^ (byte >>> bit)) & 1;
      rest = (rest >>> 1) ^ (low ? 0x82f63b78 : 0);
    }
  return (rest ^ 0xffffffff) >>> 0;
}

const masked = (sum: number): number => (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;

/**
 * Reads the messages of a TFRecord file; throws for a wrong checksum. An incomplete last record is ignored, as
 * TensorBoard does.
 */
export function readRecords(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = at + 8 <= bytes.length ? Number(view.getBigUint64(at, true)) : Infinity;
    if (at + 16 + length > bytes.length) break;
    const content = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== masked(slowChecksum(bytes.subarray(at, at + 8))))
      throw new Error(`the length at byte ${at} has a wrong checksum`);
    if (view.getUint32(at + 12 + length, true) !== masked(slowChecksum(content)))
      throw new Error(`the record at byte ${at} has a wrong checksum`);
    events.push(eventType.toObject(eventType.decode(content), { longs: Number }));
    at += 16 + length;
  }
  return events;
}

/**
 * Reads the values that TensorBoard shows for a folder: its files in order, each dropping the steps that it restarts
 * from.
 */
export function readEvents(folder: string): ReadValue[] {
  let values: ReadValue[] = [];
  for (const name of readdirSync(folder).sort()) {
    const [version, start, ...events] = readRecords(readFileSync(join(folder, name)));
    // A process that died before its first step.
    if (start === undefined) continue;
    if (version?.file_version !== 'brain.Event:2' || start?.session_log?.status !== 1)
      throw new Error(`${name} does not begin as event files do`);
    values = values.filter(({ step }) => step < (start.step ?? 0));
    for (const { step = 0, summary } of events)
      values.push(...(summary?.value ?? []).map((value) => ({ ...value, step })));
  }
  return values;
}
