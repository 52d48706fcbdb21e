/** Loads mappings: those of the package by name, others by the paths of their files. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { isMappingFile } from '../../compiler/format/queries.ts';
import { suggest } from '../../dsl/suggest.ts';
import { whyNotJson, isPathError, reasonOf } from '../base/file-reasons.ts';
import { packageFile } from '../base/package.ts';
import { libraryMapping, listMappings } from './library.ts';
import { placeholdersOf, type Mapping } from './mapping.ts';
import { badMapping, noSuchMapping } from './messages.ts';

const schemaFile = packageFile('specs/schema/mapping.schema.json');

/** Loads a mapping: one of the package by name, or a JSON file by path. Throws a SpadeworkError. */
export function loadMapping(nameOrPath: string): Mapping {
  const isPath = isMappingFile(nameOrPath);
  const known = listMappings();
  if (!isPath && !known.includes(nameOrPath))
    throw noSuchMapping(nameOrPath, known, suggest(nameOrPath, known));
  return readMapping(isPath ? nameOrPath : libraryMapping(nameOrPath), nameOrPath);
}

let compiled: ReturnType<Ajv['compile']> | undefined;

function readMapping(path: string, name: string): Mapping {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = isPathError(error) ? reasonOf(error) : `it is not JSON (${whyNotJson(error)})`;
    throw badMapping(path, why);
  }
  compiled ??= new Ajv({ useDefaults: true }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);
  if (!compiled(content)) {
    const [error] = compiled.errors ?? [];
    const extra: unknown = error?.params['additionalProperty'];
    throw badMapping(
      path,
      `${error?.instancePath || 'it'} ${error?.message ?? 'is wrong'}${typeof extra === 'string' ? ` ('${extra}')` : ''}`,
    );
  }
  const { rules, ...rest } = content as Omit<Mapping, 'name'>;
  for (const { ours, official, without = '' } of rules)
    for (const [pattern, text] of [[official, 'official'] as const, [without, 'without'] as const]) {
      const unknown = placeholdersOf(pattern).find((one) => !placeholdersOf(ours).includes(one));
      if (unknown !== undefined)
        throw badMapping(path, `'${text}' has {${unknown}}, which '${ours}' has not`);
    }
  return { name, ...rest, rules };
}
