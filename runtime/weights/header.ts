/** Parses the JSON header of safetensors files: gives the entry of each tensor, in the order of the data. */
import { DamagedFile } from './errors.ts';
import { costs, mostAxes, type Meter } from './limits.ts';

export interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Gives the entries in the order of their data, without `__metadata__`. The memory for parsing is charged before
 * parsing. Throws DamagedFile and TooLarge.
 */
export function parseHeader(bytes: Uint8Array, meter: Meter): [string, HeaderEntry][] {
  const keys = countKeys(bytes, meter);
  const header = objectOf(bytes);
  const all: [string, unknown][] = Object.entries(header);
  if (keys.ofTensors > all.length) throw namedTwice(bytes);
  const entries = all.filter(([name]) => name !== '__metadata__');
  for (const [name, entry] of entries)
    if (!isEntry(entry))
      throw new DamagedFile(`its header's entry of '${name}' lacks dtype, shape or data_offsets`);
  const within = all.reduce((sum, [, entry]) => sum + Object.keys(entry ?? {}).length, 0);
  if (keys.within > within) throw new DamagedFile('its header says the same of a tensor twice');
  return (entries as [string, HeaderEntry][]).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
}

function objectOf(bytes: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new DamagedFile('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new DamagedFile('its header is not a JSON object');
  return header;
}

function isEntry(entry: unknown): entry is HeaderEntry {
  const { dtype, shape, data_offsets } = (entry ?? {}) as Partial<Record<keyof HeaderEntry, unknown>>;
  const isCounts = (value: unknown): value is number[] =>
    Array.isArray(value) &&
    value.length <= mostAxes &&
    value.every((one) => Number.isSafeInteger(one) && Number(one) >= 0);
  return typeof dtype === 'string' && isCounts(shape) && isCounts(data_offsets) && data_offsets.length === 2;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];

/**
 * Finds the brackets, commas and colons of a JSON text outside of strings with their depths, and the strings before
 * colons.
 */
function* marksOf(
  bytes: Uint8Array,
): Generator<{ code: number; depth: number; key: readonly [number, number] }> {
  let depth = 0;
  let key: readonly [number, number] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] ?? 0;
    if (code === quote) {
      const start = at++;
      while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
      key = [start, at + 1];
    } else if (code === comma || code === colon) yield { code, depth, key };
    // The brackets { [ and } ] differ in one bit.
    else if ((code | 0x20) === 0x7b) yield { code, depth: depth++, key };
    else if ((code | 0x20) === 0x7d) depth--;
  }
}

/** Counts the names of tensors and the keys in their entries, and charges the memory for parsing. */
function countKeys(bytes: Uint8Array, meter: Meter): { readonly ofTensors: number; readonly within: number } {
  const found = [0, 0, 0];
  for (const { code, depth } of marksOf(bytes)) {
    meter.build(code === comma || code === colon ? costs.headerSeparator : costs.headerBracket);
    if (code === colon && depth <= 2) found[depth] = (found[depth] ?? 0) + 1;
  }
  return { ofTensors: found[1] ?? 0, within: found[2] ?? 0 };
}

/** Reports a name that occurs twice in a header. */
function namedTwice(bytes: Uint8Array): DamagedFile {
  const seen = new Set<unknown>();
  const decoder = new TextDecoder();
  for (const { code, depth, key } of marksOf(bytes)) {
    if (code !== colon || depth !== 1) continue;
    const name: unknown = JSON.parse(decoder.decode(bytes.subarray(...key)));
    if (seen.has(name)) return new DamagedFile(`its header names '${String(name)}' twice`);
    seen.add(name);
  }
  return new DamagedFile('its header names a tensor twice');
}
