/** Lists the mappings of the package, apart from what reads one, so that checking a spec loads none of that. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageFile } from '../base/package.ts';

const folder = packageFile('specs/mappings');
const ending = '.json';

/** Lists the mappings that come with the package, by name. */
export function listMappings(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => basename(file, ending))
    .sort();
}

/** Gives the file of such a mapping. */
export const libraryMapping = (name: string): string => join(folder, name + ending);
