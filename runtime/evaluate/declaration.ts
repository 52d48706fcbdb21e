/** Finds the declaration of a network used by metrics (a judge), in the package or in a user's file. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { packageFile } from '../base/package.ts';
import { isMappingFile } from '../../compiler/format/queries.ts';
import { suggest } from '../../dsl/suggest.ts';
import { badJudge, noSuchJudge } from './messages.ts';

/** A declared network (specs/schema/judge.schema.json). */
export interface JudgeDeclaration {
  /** Part of the names of metrics; by default the network's name. */
  readonly name?: string;
  /** The module of the standard library, or the path of the file, with the network. */
  readonly from: { readonly module: string } | { readonly file: string };
  /** The network; undefined if the file has only one. */
  readonly network?: string;
  readonly settings: Readonly<Record<string, number | boolean | string>>;
  readonly naming?: string;
  readonly size?: { readonly width: number; readonly height: number };
  readonly layers?: readonly number[];
  readonly linear?: string;
}

const libraryFolder = packageFile('specs/judges');
const schemaFile = packageFile('specs/schema/judge.schema.json');
const ending = '.json';

/** Lists the networks of the package, by name. */
function listJudges(): string[] {
  return readdirSync(libraryFolder)
    .filter((file) => file.endsWith(ending))
    .map((file) => basename(file, ending))
    .sort();
}

/**
 * Finds a network: one of the package by name, a .json file with a declaration, or a .spade file with one network
 * whose weights have our names. Throws a SpadeworkError.
 */
export function declaredJudge(nameOrPath: string): JudgeDeclaration {
  if (nameOrPath.endsWith('.spade')) return { from: { file: nameOrPath }, settings: {} };
  if (nameOrPath.endsWith(ending)) return readDeclaration(nameOrPath);
  const known = listJudges();
  if (!known.includes(nameOrPath)) throw noSuchJudge(nameOrPath, known, suggest(nameOrPath, known));
  return readDeclaration(join(libraryFolder, nameOrPath + ending));
}

/** A declaration as written. */
type Written = Omit<JudgeDeclaration, 'name' | 'from'> &
  ({ readonly module: string } | { readonly file: string }) & { readonly doc: string };

let compiled: ReturnType<Ajv['compile']> | undefined;

function readDeclaration(path: string): JudgeDeclaration {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw badJudge(path, code === 'ENOENT' ? 'there is no such file' : (code ?? 'it is not JSON'));
  }
  compiled ??= new Ajv({ useDefaults: true }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);
  if (!compiled(content)) {
    const [error] = compiled.errors ?? [];
    const extra: unknown = error?.params['additionalProperty'];
    const which = typeof extra === 'string' ? ` ('${extra}')` : '';
    throw badJudge(path, `${error?.instancePath || 'it'} ${error?.message ?? 'is wrong'}${which}`);
  }
  const { network, settings, naming, size, layers, linear, ...place } = content as Written;
  const beside = (file: string): string => resolve(dirname(path), file);
  return {
    name: basename(path, ending),
    from: 'module' in place ? { module: place.module } : { file: beside(place.file) },
    settings,
    ...(network !== undefined && { network }),
    ...(naming !== undefined && { naming: isMappingFile(naming) ? beside(naming) : naming }),
    ...(size && { size }),
    ...(layers && { layers }),
    ...(linear !== undefined && { linear }),
  };
}
