/**
 * Reads the records that commands left in folders: requires a regular file of limited size, JSON of limited depth, and
 * the shape of a schema. Errors name the place in the file.
 */
import { isPathError, isFile, reasonOf, whyNotRead } from './file-reasons.ts';
import { shortageOf } from './shortage.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import { isOtherVersion, otherVersion } from '../../compiler/messages/versions.ts';
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { phraseOf } from '../../compiler/check/validate.ts';
import type { Schema } from '../../compiler/json/schema.ts';

/** The reason why a file is damaged; the caller adds the file's name. */
export class DamagedRecord extends Error {}

/** The reason why a whole file cannot be read: another version of Spadework wrote it. */
export class OtherVersion extends Error {
  constructor(
    private readonly found: string,
    private readonly known: readonly string[],
  ) {
    super('another version wrote it');
  }

  /** Makes the error that names the file. */
  of(file: string): SpadeworkError {
    return new SpadeworkError('input', [otherVersion(`'${file}'`, this.found, this.known)]);
  }
}

/** The deepest nesting: our records have a few levels, and recursive readers fail at about ten thousand. */
const deepest = 100;
/** The largest record; only specs of large networks and metrics of long trainings come near. */
const largestRecord = 2 ** 26;
/** The longest text of a string. */
export const largestText = 2 ** 29 - 24;
/** The most mistakes that a message lists. */
const listed = 4;
/** How many characters of a wrong value a message shows. */
const shownLength = 40;

/** Reads a text; undefined if there is no such file. Throws DamagedRecord for anything but a text file. */
export function readText(file: string, largest = largestRecord): string | undefined {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const why = whyNotRead(fstatSync(opened), largest);
      if (why !== undefined) throw new DamagedRecord(why);
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(opened));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (error instanceof DamagedRecord) throw error;
    if (error instanceof TypeError && !isPathError(error)) throw new DamagedRecord('it is not text (UTF-8)');
    const failure = error as NodeJS.ErrnoException;
    if (failure.code === 'ENOENT' || failure.code === 'ENOTDIR') return undefined;
    // What the machine lacks says nothing of the file.
    if (shortageOf(failure)) throw failure;
    throw new DamagedRecord(reasonOf(failure));
  }
}

/** Parses JSON. Throws DamagedRecord for invalid JSON, and for JSON that no Spadework program writes. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new DamagedRecord('it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DamagedRecord(`it is not JSON${placeIn(text, (error as Error).message)}`);
  }
  requireOrdinary(value);
  return value;
}

/** Converts the position in a parser's error to a line and column. */
function placeIn(text: string, message: string): string {
  const found = /at position (\d+)/.exec(message)?.[1];
  if (found === undefined) return '';
  const before = text.slice(0, Number(found)).split('\n');
  return `, at ${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** Rejects JSON that we never write: excessive nesting, infinite numbers, and keys such as `__proto__`. */
function requireOrdinary(root: unknown): void {
  let level: readonly unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new DamagedRecord(`it is nested deeper than ${deepest} levels`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'number' && !Number.isFinite(value))
        throw new DamagedRecord('it holds a number beyond the range of numbers');
      if (typeof value !== 'object' || value === null) continue;
      if (Object.hasOwn(value, '__proto__')) throw new DamagedRecord("it has a key '__proto__'");
      for (const one of Object.values(value)) next.push(one);
    }
    level = next;
  }
}

/** Validates values of one shape. */
export class RecordFormat<T> {
  private validator: ValidateFunction<T> | undefined;

  constructor(private readonly schema: Schema) {}

  /** Gives a value that has the shape. Throws DamagedRecord with all deviations. */
  check(value: unknown): T {
    this.validator ??= new Ajv({ allErrors: true, verbose: true, strict: true }).compile<T>(this.schema);
    const validate = this.validator;
    if (validate(value)) return value;
    for (const { data, parentSchema } of validate.errors ?? []) requireOwnVersion(data, parentSchema ?? {});
    throw new DamagedRecord(describe(validate.errors ?? []));
  }

  /** Parses and validates a text. Throws DamagedRecord. */
  parse(text: string): T {
    return this.check(parseJson(text));
  }
}

/** Reads a record; undefined if there is no such file. `damaged` makes the error that names the file. */
export function readRecord<T>(
  file: string,
  format: RecordFormat<T>,
  damaged: (file: string, why: string) => Error,
): T | undefined {
  return whileReading(file, damaged, () => {
    const text = readText(file);
    return text === undefined ? undefined : format.parse(text);
  });
}

/** Lists a folder; empty if it does not exist. `damaged` makes the error for anything but a folder. */
export function listFolder(folder: string, damaged: (file: string, why: string) => Error): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code === 'ENOENT') return [];
    if (shortageOf(failure)) throw failure;
    throw damaged(folder, failure.code === 'ENOTDIR' ? isFile : reasonOf(failure));
  }
}

/** Does work that reads a file; a DamagedRecord becomes the error that `damaged` makes. */
export function whileReading<T>(
  file: string,
  damaged: (file: string, why: string) => Error,
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof OtherVersion) throw error.of(file);
    throw error instanceof DamagedRecord ? damaged(file, error.message) : error;
  }
}

/** Throws OtherVersion if a value is a format that other versions have in place of those of its schema. */
function requireOwnVersion(value: unknown, schema: Schema): void {
  const choices = Array.isArray(schema['enum']) ? (schema['enum'] as readonly unknown[]) : [schema['const']];
  const known = choices.filter((one) => typeof one === 'string');
  if (isOtherVersion(value, known)) throw new OtherVersion(value, known);
}

function describe(errors: readonly ErrorObject[]): string {
  const places = new Map<string, string>();
  for (const error of errors) {
    const { keyword, instancePath, params, parentSchema = {} } = error;
    const place = placeOf(instancePath);
    if (keyword === 'required')
      places.set(
        `${place} ${String(params['missingProperty'])}`,
        `${place || 'it'} lacks "${String(params['missingProperty'])}"`,
      );
    else if (!places.has(place))
      places.set(place, `${place || 'it'} is ${shown(error.data)}, expected ${phraseOf(parentSchema)}`);
  }
  const all = [...places.values()];
  return `${all.slice(0, listed).join('; ')}${all.length > listed ? `; and ${all.length - listed} more` : ''}`;
}

/** Renders a JSON pointer as an access path: `/runs/3/state` becomes `runs[3].state`. */
function placeOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= shownLength ? text : `${text.slice(0, shownLength)}…`;
}
