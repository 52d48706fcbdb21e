/** Checks a value against the schema of specs; rewrites ajv's errors as diagnostics with found and expected. */
import type { Locate } from './rules/rule.ts';
import { carriedOver, plainName, settingElsewhere } from '../messages/carried-over.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import type { ErrorObject } from 'ajv';
import { mostMistakes, type Diagnostic } from '../../dsl/diagnostic.ts';
import { tooManyMistakes } from '../language/values/messages.ts';
import { removing, replacing, type Hint } from '../../dsl/fix.ts';
import { suggest } from '../../dsl/suggest.ts';
import { meant } from '../messages/shared.ts';
import { isOtherVersion, otherVersion } from '../messages/versions.ts';
import { corrected, isPairForSize, isSize } from './corrections.ts';
import * as messages from './rules/messages.ts';
import { specFormat, type Spec } from '../format/types.ts';
import type { Schema } from '../json/schema.ts';
import { specValidator } from './spec-validator.ts';

/** The notation of values in the text that the user sees. */
export type Notation = 'language' | 'json';

/** A mistake with the JSON pointer of its part. */
export interface PointedDiagnostic {
  readonly pointer: string;
  readonly diagnostic: Diagnostic;
}

/** A valid spec, or its mistakes. */
export type Verdict =
  | { readonly spec: Spec; readonly wrong: readonly [] }
  | { readonly spec: undefined; readonly wrong: readonly PointedDiagnostic[] };

/** Checks a value against the schema of specs; `notation` is the notation of examples in messages. */
export function validate(value: unknown, locate: Locate, notation: Notation): Verdict {
  const isSpec = specValidator();
  if (isSpec(value)) return { spec: value, wrong: [] };
  // What another version means by a setting is not known here, so nothing else is said.
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (isOtherVersion(format, [specFormat])) {
    const diagnostic = otherVersion('the spec', format, [specFormat], locate('/format', 'value'));
    return { spec: undefined, wrong: [{ pointer: '/format', diagnostic }] };
  }
  return { spec: undefined, wrong: mistakesOf(isSpec.errors ?? [], locate, notation) };
}

/** Converts ajv's errors to diagnostics, one for each setting. */
function mistakesOf(
  errors: readonly ErrorObject[],
  locate: Locate,
  notation: Notation,
): readonly PointedDiagnostic[] {
  const found = new Map<string, PointedDiagnostic>();
  for (const error of errors) {
    if (found.size === mostMistakes) {
      const diagnostic = tooManyMistakes(mostMistakes, locate(error.instancePath, 'name'));
      return [...withoutEchoes([...found.values()]), { pointer: `${error.instancePath}/`, diagnostic }];
    }
    const pointed = explain(error, locate, notation);
    // One message for each setting: ajv also reports consequences of the first mistake.
    if (pointed && !found.has(pointed.pointer)) found.set(pointed.pointer, pointed);
  }
  return withoutEchoes([...found.values()]);
}

/** Leaves out settings that are missing only because their names are misspelled. */
function withoutEchoes(found: readonly PointedDiagnostic[]): PointedDiagnostic[] {
  const meantOnes = new Set(
    found.flatMap(({ pointer, diagnostic: { code, fix } }) =>
      code === 'unknown-setting'
        ? fix.map(({ text }) => `${pointer.slice(0, pointer.lastIndexOf('/') + 1)}${text}`)
        : [],
    ),
  );
  return found.filter(
    ({ pointer, diagnostic }) => diagnostic.code !== 'missing-setting' || !meantOnes.has(pointer),
  );
}

function explain(error: ErrorObject, locate: Locate, notation: Notation): PointedDiagnostic | undefined {
  const schema = (error.parentSchema ?? {}) as Schema;
  const { instancePath, params, keyword } = error;
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const pointer = `${instancePath}/${escape(name)}`;
      const diagnostic = messages.unknownSetting(
        name,
        nameOf(instancePath),
        locate(pointer, 'name'),
        Object.keys(properties).filter(
          (key) => key !== '$schema' && (notation === 'json' || !unwritten.has(pointerTo(instancePath, key))),
        ),
        hintOfForeignSetting(name, instancePath, error.data, locate, notation) ??
          hintOfGivenSetting(name, instancePath, error.data, Object.keys(properties), locate, notation),
      );
      return { pointer, diagnostic };
    }
    case 'required': {
      const name = String(params['missingProperty']);
      const example = writeSetting(name, properties[name], notation);
      const diagnostic = messages.missingSetting(
        name,
        nameOf(instancePath),
        locate(instancePath, 'name'),
        example,
      );
      return { pointer: `${instancePath}/${escape(name)}`, diagnostic };
    }
    case 'discriminator': {
      const tag = String(params['tag']);
      const known = ((schema['oneOf'] ?? []) as readonly Schema[]).map((one) => tagOf(one, tag));
      const value: unknown = params['tagValue'];
      const pointer = `${instancePath}/${tag}`;
      if (value === undefined)
        return {
          pointer,
          diagnostic: messages.missingSetting(
            tag,
            nameOf(instancePath),
            locate(instancePath, 'name'),
            `"${tag}": "${known[0]}"`,
          ),
        };
      const place = locate(pointer, 'value');
      const diagnostic = messages.wrongSetting(
        tag,
        known.length > 12 ? 'an op of specs/schema/spec.schema.json' : `one of ${known.join(', ')}`,
        write(value, 'json'),
        place,
        typeof value === 'string' ? meant(value, known, place) : undefined,
      );
      return { pointer, diagnostic };
    }
    case 'if':
    case 'oneOf':
    case 'anyOf':
      return keyword === 'anyOf' ? wrong(error, schema, locate, notation) : undefined;
    default:
      return wrong(error, schema, locate, notation);
  }
}

function wrong(error: ErrorObject, schema: Schema, locate: Locate, notation: Notation): PointedDiagnostic {
  const { instancePath } = error;
  const value: unknown = error.data;
  const choices = Array.isArray(schema['enum']) ? schema['enum'].map(String) : [];
  const place = locate(instancePath, 'value');
  const diagnostic = messages.wrongSetting(
    nameOf(instancePath),
    notation === 'json' && isSize(schema)
      ? `a size such as ${write({ width: 256, height: 256 }, notation)}`
      : error.keyword === 'uniqueItems'
        ? 'a list without repeats'
        : phraseOf(schema),
    error.keyword === 'uniqueItems' ? writeRepeated(value, error, notation) : write(value, notation),
    place,
    hintOfWrong(value, choices, schema, place, notation),
  );
  return { pointer: instancePath, diagnostic };
}

/** Gives a hint for a wrong value: a similar choice, or the same value in the right form. */
function hintOfWrong(
  value: unknown,
  choices: readonly string[],
  schema: Schema,
  place: Span | undefined,
  notation: Notation,
): Hint | string | undefined {
  const near = typeof value === 'string' ? meant(value, choices, place) : undefined;
  if (near) return near;
  const product = place && isSize(schema) ? /^(\d+)\s*[*×]\s*(\d+)$/.exec(textOf(place)) : null;
  if (place && product)
    return replacing(
      place,
      `${product[1]}x${product[2]}`,
      (written) => `a size is written in one: ${written}`,
    );
  // The lengths in a computed value cannot be told.
  const isComputed =
    notation === 'language' && typeof value === 'number' && place && /[-+*/%]/.test(textOf(place));
  const right = isComputed ? undefined : corrected(value, schema);
  if (right === undefined)
    return isPairForSize(value, schema)
      ? 'sizes are width, then height: 512x256 is twice as wide as high'
      : undefined;
  const text = write(right, notation);
  return place ? replacing(place, text, (written) => `write ${written}`) : `write ${text}`;
}

/** Describes a repeated item of a list. */
function writeRepeated(value: unknown, { params }: ErrorObject, notation: Notation): string {
  const item: unknown = Array.isArray(value) ? value[Number(params['i'])] : undefined;
  return `${write(item, notation)} twice`;
}

/** Gives the constant of a union member's tag: its op or kind. */
function tagOf(member: Schema, tag: string): string {
  const properties = member['properties'] as Readonly<Record<string, Schema>>;
  return String(properties[tag]?.['const']);
}

/** Names the target of a pointer: `/data/size` is `size`, `/networks/0/nodes/3` is `nodes[3]`. */
function nameOf(pointer: string): string {
  const parts = pointer.split('/').slice(1).map(unescape);
  const last = parts.at(-1);
  if (last === undefined) return 'the spec';
  const name = parts.findLastIndex((part) => !/^\d+$/.test(part));
  const indices = parts.slice(name + 1).map((index) => `[${index}]`);
  return `${parts[name] ?? ''}${indices.join('')}`;
}

/** Gives a hint for a setting of other frameworks; a switch that is on can be replaced by our setting. */
function hintOfForeignSetting(
  name: string,
  path: string,
  settings: unknown,
  locate: Locate,
  notation: Notation,
): Hint | string | undefined {
  const decaying = path === '/train' ? hintOfDecay(name, settings, locate, notation) : undefined;
  if (decaying !== undefined) return decaying;
  const known = settingElsewhere(path.slice(1), name);
  if (!known) return undefined;
  const { words, text } = known;
  const pointer = pointerTo(path, name);
  const [at, to] = [locate(pointer, 'name'), locate(pointer, 'value')];
  const given = new Map(Object.entries(settings ?? {}));
  const isTaken = given.has(text?.split(':')[0] ?? '');
  if (notation === 'json' || text === undefined || given.get(name) !== true || !at || !to || isTaken)
    return words;
  return replacing({ ...at, end: to.end }, text, (written) => `write ${written}`);
}

/** Epochs at the full rate, and epochs of the decay: options of SPADE, pix2pixHD and pix2pix. */
const fullEpochs = ['niter', 'nepochs'];
const fallingEpochs = ['niterdecay', 'nepochsdecay'];

/** Converts `niter: 50, niter_decay: 50`: here `epochs` counts all, and `decay_from` those at the full rate. */
function hintOfDecay(
  name: string,
  settings: unknown,
  locate: Locate,
  notation: Notation,
): Hint | string | undefined {
  const given: [string, unknown][] = Object.entries(settings ?? {});
  const [full, falling] = [fullEpochs, fallingEpochs].map((names) =>
    given.find(([key]) => names.includes(plainName(key))),
  );
  const isOne = [full, falling].some((one) => one?.[0] === name);
  if (!falling || !isOne) return undefined;
  const words =
    'epochs counts all epochs, those in which the rate falls included; it falls after those of decay_from';
  const [at, rest] = [full, falling].map((one) => one && placeOf(`/train/${escape(one[0])}`, locate));
  const [fullValue, fallingValue] = [full?.[1], falling[1]];
  const isTaken = given.some(([key]) => ['epochs', 'decay_from', 'steps'].includes(key));
  const isWhole = Number.isInteger(fullValue) && Number.isInteger(fallingValue);
  if (notation === 'json' || !isWhole || isTaken || !at || !rest) return words;
  const decay = Number(fallingValue) === 0 ? '' : `, decay_from: ${Number(fullValue)}`;
  const written = replacing(
    at,
    `epochs: ${Number(fullValue) + Number(fallingValue)}${decay}`,
    (text) => `epochs counts all epochs, and the rate falls after those of decay_from: ${text}`,
  );
  return { words: written.words, fix: [...written.fix, { span: inList(rest), text: '' }] };
}

/** Gives a hint for a foreign or misspelled setting whose right name is given as well: one of the two is removed. */
function hintOfGivenSetting(
  name: string,
  path: string,
  settings: unknown,
  known: readonly string[],
  locate: Locate,
  notation: Notation,
): Hint | string | undefined {
  const candidates = known.filter((one) => !unwritten.has(pointerTo(path, one)));
  const own = carriedOver(name).find((one) => candidates.includes(one)) ?? suggest(name, candidates);
  if (own === undefined || !Object.hasOwn(settings ?? {}, own)) return undefined;
  const words = `leave '${name}' out: '${own}' is given, which is that here`;
  const place = placeOf(pointerTo(path, name), locate);
  return notation === 'json' || !place ? words : removing(inList(place), words);
}

/** Gives the place of a setting: its name and its value. */
function placeOf(pointer: string, locate: Locate): Span | undefined {
  const [at, to] = [locate(pointer, 'name'), locate(pointer, 'value')];
  return at && to && at.source === to.source && at.start < to.end ? { ...at, end: to.end } : undefined;
}

/** Extends the place of a setting by the adjacent comma. */
function inList({ source, start, end }: Span): Span {
  // Only the line is searched: texts may be long.
  const line = source.text.lastIndexOf('\n', start - 1) + 1;
  const before = /,[ \t]*$/.exec(source.text.slice(line, start));
  if (before) return { source, start: line + before.index, end };
  const behind = /^[ \t]*,[ \t]*/.exec(source.text.slice(end));
  return { source, start, end: end + (behind?.[0].length ?? 0) };
}

/** Settings of a spec that the language writes in another way. */
const unwritten: ReadonlySet<string> = new Set(['/data/name', '/train/optimizers']);

const pointerTo = (pointer: string, key: string): string => `${pointer}/${escape(key)}`;

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
const unescape = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');

/** Describes what a schema accepts: `an integer of at least 1`. */
export function phraseOf(schema: Schema): string {
  if (typeof schema['title'] === 'string') return schema['title'];
  if (Array.isArray(schema['enum'])) return schema['enum'].map((one) => JSON.stringify(one)).join(' or ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  switch (schema['type']) {
    case 'integer':
      return `an integer${rangeOf(schema)}`;
    case 'number':
      return `a number${rangeOf(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string';
    case 'array': {
      const [least, most] = [schema['minItems'], schema['maxItems']];
      if (least === undefined && most === undefined)
        return schema['uniqueItems'] ? 'a list without repeats' : 'a list';
      return least === most ? `a list of ${Number(least)}` : `a list of at least ${Number(least)}`;
    }
    default:
      return 'an object';
  }
}

function rangeOf(schema: Schema): string {
  const parts = [
    schema['minimum'] !== undefined && `at least ${Number(schema['minimum'])}`,
    schema['exclusiveMinimum'] !== undefined && `more than ${Number(schema['exclusiveMinimum'])}`,
    schema['maximum'] !== undefined && `at most ${Number(schema['maximum'])}`,
    schema['exclusiveMaximum'] !== undefined && `less than ${Number(schema['exclusiveMaximum'])}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : ` of ${parts.join(' and ')}`;
}

function writeSetting(name: string, schema: Schema | undefined, notation: Notation): string {
  const [example] = Array.isArray(schema?.['examples']) ? (schema['examples'] as unknown[]) : [];
  const value = example === undefined ? '...' : write(example, notation);
  return notation === 'json' ? `"${name}": ${value}` : `${name}: ${value}`;
}

/** Writes a value as the user would. */
function write(value: unknown, notation: Notation): string {
  if (
    notation === 'language' &&
    typeof value === 'object' &&
    value !== null &&
    'width' in value &&
    'height' in value
  )
    return `${String(value.width)}x${String(value.height)}`;
  if (value === null) return notation === 'language' ? 'none' : 'null';
  // JSON has no notation for numbers beyond a 64-bit float.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number that is too large';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
